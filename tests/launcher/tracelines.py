"""Parses a trace's lines from standard input, as launcher/report/trace_line.c describes them, and
compares every field with the JSON document of the same calls."""
import datetime
import json
import re
import sys

LINE = re.compile(r'''
    (?P<pid>\d+):(?P<tid>\d+)\ (?P<time>\d\d:\d\d:\d\d\.\d{6})\ (?P<call>\w+)\(
    (?P<fd>-?\d+)(?:<(?P<file>[^<>]*)>)?,\ (?P<address>0x[0-9a-f]+),
    \ (?:(?P<iovcnt>\d+)\ /\*\ (?P<total>\d+)\ bytes\ \*/|(?P<length>\d+))
    (?:,\ (?P<offset>-?\d+))?(?:\ /\*\ at\ (?P<at>\d+)\ \*/)?(?:,\ (?P<flags>[A-Z_a-z0-9|]+))?\)
    \ =\ (?P<result>-?\d+)(?:\ (?P<error>\w+|errno\ \d+)\ \((?P<text>[^()]+)\))?
    \ \#\ (?P<what>[^;]+);\ (?P<done>[^;]+);\ (?P<seconds>\d+\.\d{6})\ s\n''', re.VERBOSE)
POSITIONAL = ('pread64', 'pwrite64', 'preadv', 'pwritev', 'preadv2', 'pwritev2')


def name(call):
    """Returns the text between '<' and '>'."""
    if 'path' not in call:
        return None
    if not call['path']:
        return 'device {}:{} inode {}'.format(*call['device'], call['inode'])
    return re.sub('[<> ]', lambda c: {'<': r'\074', '>': r'\076'}.get(c[0], '\\' + c[0]), call['path'])


def done(call):
    words = []
    if call['refusal']:
        words.append('refused without an error' if call['refusal'] == 'none' else
                     'refused with ' + call['refusal'])
    amounts = {'bounced': f" {call['copied']}", 'buffered': f" {call['buffered']}"}
    words += [word + amounts.get(word, '') for word in call['done']]
    return ', '.join(words) or 'nothing done'


def what(call):
    if call['alignment'] == 'unknown':
        return 'alignment unknown'
    words = ', '.join(call['misaligned']) + ' misaligned' if call['misaligned'] else 'aligned'
    return words + (' (guessed)' if call['alignment'] == 'guessed' else '')


def expected(call):
    moment = datetime.datetime.fromtimestamp(call['time_ns'] // 10**9, datetime.timezone.utc)
    takes_offset = call['call'] in POSITIONAL
    failed = call['result'] < 0
    vectored = bool(call['iovcnt'])
    return {
        'pid': str(call['pid']), 'tid': str(call['tid']),
        'time': f"{moment:%H:%M:%S}.{call['time_ns'] % 10**9 // 1000:06}",
        'call': call['call'], 'fd': str(call['fd']), 'file': name(call), 'address': call['address'],
        'iovcnt': str(call['iovcnt']) if vectored else None,
        'total': str(call['length']) if vectored else None,
        'length': None if vectored else str(call['length']),
        'offset': str(call['position'] if call['positional'] else -1) if takes_offset else None,
        'at': None if call['positional'] or call['position'] is None else str(call['position']),
        'flags': call['flags'] if call['call'].endswith('v2') else None,
        'result': '-1' if failed else str(call['result']),
        'error': call['error'],
        'what': what(call),
        'done': done(call),
        'seconds': f"{call['duration_ns'] // 10**9}.{call['duration_ns'] % 10**9 // 1000:06}",
    }


with open(sys.argv[1], encoding='utf-8') as document:
    calls = json.load(document)['trace']
lines = list(sys.stdin)
assert len(lines) == len(calls), f'{len(lines)} lines, {len(calls)} calls'
for line, call in zip(lines, calls):
    match = LINE.fullmatch(line)
    assert match, line
    fields = match.groupdict()
    text = fields.pop('text')
    assert (text is not None) == (call['result'] < 0), line
    assert fields == expected(call), f'{line}{fields}\n{expected(call)}'
assert any('Invalid argument' in line for line in lines)
