"""Records what prism finds wrong between a command and the simulator, and reports it.

Usage: violations.py OPENAPI PRISM_URL SIMULATOR_BASE_URL RECORD COMMAND...

The command gets WEBEX_BASE_URL. Its requests go to a small server here, from there to prism and on to the simulator;
prism names what breaks the schema in a header of the answer, which is what is recorded.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CLASSIC = '/people/{personId}/features'
NEWER = '/telephony/config/people/{personId}'

# Operations of live systems that the published subset lacks.
UNPUBLISHED = [f'{NEWER}/settings/permissions', f'{NEWER}/outgoingPermission']

# Where the published schemas contradict live systems or themselves: operation, field, reason.
KNOWN = [
    ('GET /people/me', 'body.invitePending', 'live systems answer booleans for one person'),
    ('GET /people/me', 'body.loginEnabled', 'live systems answer booleans for one person'),
    ('GET /people/{personId}', 'body.invitePending', 'live systems answer booleans for one person'),
    ('GET /people/{personId}', 'body.loginEnabled', 'live systems answer booleans for one person'),
    ('PUT /locations/{locationId}', 'body.address.address2', 'null is how it is emptied'),
    ('POST /telephony/config/actions/validateNumbers/invoke', "'numbers'", 'live systems say phoneNumbers'),
    (f'GET {CLASSIC}/callingBehavior', 'body.behaviorType', 'null is a value'),
    (f'PUT {CLASSIC}/callingBehavior', 'body.behaviorType', 'null is a value'),
    (f'GET {CLASSIC}/callingBehavior', 'body.profileId', 'null when there is none'),
    (f'PUT {CLASSIC}/callingBehavior', 'body.profileId', 'null when there is none'),
    (f'PUT {CLASSIC}/callRecording', 'body.notification.type', 'null is how it is switched off'),
    (f'GET {NEWER}/agent/callerId', 'body.selectedCallerId', 'empty when nothing is selected'),
    *(
        (f'{method} {path}', 'Selected route not found', 'not published')
        for path in UNPUBLISHED
        for method in ('GET', 'PUT')
    ),
]

HOP_BY_HOP = {'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host'}


class Recorder(ThreadingHTTPServer):
    """Passes requests on to prism and keeps its findings."""

    daemon_threads = True

    def __init__(self, prism_url: str, simulator_origin: str) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.prism = urlsplit(prism_url).netloc
        self.simulator_origin = simulator_origin
        self.origin = f'http://127.0.0.1:{self.server_address[1]}'
        self.exchanges: list[dict] = []
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server: Recorder

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        path = self.path.removeprefix('/v1')
        connection = http.client.HTTPConnection(self.server.prism, timeout=60)
        connection.request(self.command, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        found = json.loads(answer.getheader('sl-violations') or '[]')
        exchange = {'method': self.command, 'path': path, 'status': answer.status, 'violations': found}
        with self.server.lock:
            self.server.exchanges.append(exchange)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {'sl-violations'}:
                self.send_header(name, value.replace(self.server.simulator_origin, self.server.origin))
        if answer.status != 204:
            self.send_header('content-length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

    def log_message(self, *_: object) -> None:
        pass


def operation(spec: dict, method: str, path: str) -> str:
    """The path as the specification has it; one without variables is meant first."""
    path = urlsplit(path).path
    for template in sorted([*spec['paths'], *UNPUBLISHED], key=lambda template: template.count('{')):
        pattern = re.sub(r'\\\{[^}]*\\\}', '[^/]+', re.escape(template))
        if re.fullmatch(pattern, path):
            return f'{method} {template}'
    return f'{method} {path}'


def finding(violation: dict) -> tuple[str, str]:
    """Whose fault it is, and the field with what is wrong."""
    location = [str(part) for part in violation.get('location', [])]
    side = 'response' if location[:1] == ['response'] else 'request'
    where = '.'.join('[]' if part.isdigit() else part for part in location[1:])
    return side, f'{where}: {violation.get("message", violation.get("code"))}'


def report(spec: dict, exchanges: list[dict]) -> int:
    counts: Counter[tuple[str, str, str]] = Counter()
    for exchange in exchanges:
        name = operation(spec, exchange['method'], exchange['path'])
        for violation in exchange['violations']:
            side, text = finding(violation)
            counts[side, name, text] += 1
    unknown = 0
    for side, who in [('request', 'our client'), ('response', 'our simulator')]:
        of_side = sorted(key for key in counts if key[0] == side)
        print(f'{sum(counts[key] for key in of_side)} {side} violations ({who})')
        for key in of_side:
            _, name, text = key
            reason = next((why for known, part, why in KNOWN if known == name and part in text), None)
            unknown += reason is None
            print(f'  {counts[key]:4}x {name} {text}' + (f' [known: {reason}]' if reason else ''))
    refused = Counter(exchange['status'] for exchange in exchanges if exchange['status'] >= 400)
    print(f'{len(exchanges)} requests, refused: {dict(sorted(refused.items()))}, unknown violations: {unknown}')
    return 1 if unknown or not exchanges else 0


def main() -> int:
    spec_path, prism_url, base_url, record, *command = sys.argv[1:]
    with open(spec_path, encoding='utf-8') as file:
        spec = json.load(file)
    parts = urlsplit(base_url)
    recorder = Recorder(prism_url, f'{parts.scheme}://{parts.netloc}')
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    environment = os.environ | {'WEBEX_BASE_URL': f'{recorder.origin}/v1'}
    code = subprocess.run(command, env=environment, check=False).returncode
    recorder.shutdown()
    with open(record, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(exchange) + '\n' for exchange in recorder.exchanges)
    print(f'the command ended with {code}')
    finished = code in (0, 3)  # done, or done with pending rows
    return report(spec, recorder.exchanges) if finished else 1


if __name__ == '__main__':
    sys.exit(main())
