"""Takes what a webhook sends, checks it, and keeps each event once: webhook_receiver.py SECRET PEM FILE [PORT]."""

import hashlib
import hmac
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SECRET, PEM, FILE = Path(sys.argv[1]).read_text().strip().encode(), sys.argv[2], Path(sys.argv[3])
seen = {json.loads(line)["id"] for line in FILE.read_text().splitlines()} if FILE.exists() else set()


class Receiver(BaseHTTPRequestHandler):
    """Answers 401 to what is not signed or minutes old, else 204."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One event."""
        body, at = self.rfile.read(int(self.headers["Content-Length"])), self.headers["Menwei-Time"]
        right = "sha256=" + hmac.new(SECRET, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(right, self.headers["Menwei-Signature"]) and abs(time.time() - int(at)) < 300
        if genuine and (key := json.loads(body)["id"]) not in seen:
            with FILE.open("ab") as file:
                file.write(body + b"\n")
            seen.add(key)
        self.send_response(204 if genuine else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_told: object) -> None:
        """Nothing: a log must not hold plates."""


server = HTTPServer(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 8443), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(PEM)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
