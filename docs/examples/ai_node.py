#!/usr/bin/env python3
"""An AI node with nothing but Python's own library: it says that a person stands there, once a second.

usage: ai_node.py ws://127.0.0.1:8080/ws/ai-engine TOKEN
"""
import base64, json, os, select, socket, struct, sys, time
from urllib.parse import urlsplit


class Socket:
    """RFC 6455, the client's half: text messages of less than 64 KiB, pings answered, no fragments."""

    def __init__(self, url, token):
        at = urlsplit(url)
        self.wire = socket.create_connection((at.hostname, at.port or 80))
        key = base64.b64encode(os.urandom(16)).decode()
        self.wire.sendall((f"GET {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)

    def take(self, size):
        data = b""
        while len(data) < size:
            data += self.wire.recv(size - len(data)) or sys.exit("the site is gone")
        return data

    def send(self, opcode, payload):
        mask, size = os.urandom(4), len(payload)
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        self.wire.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def say(self, **message):
        self.send(1, json.dumps(message).encode())

    def hear(self, seconds):
        """The next message; an empty one when none came in that time."""
        if not select.select([self.wire], [], [], seconds)[0]:
            return {}
        opcode, size = struct.unpack("!BB", self.take(2))
        payload = self.take(struct.unpack("!H", self.take(2))[0] if size == 126 else size)
        if opcode & 15 == 8:
            sys.exit(f"the site closed: {payload[2:].decode()}")
        if opcode & 15 == 9:
            self.send(10, payload)
        return json.loads(payload) if opcode & 15 == 1 else {}


site, tasks = Socket(*sys.argv[1:3]), {}
site.say(type="NODE_REGISTER", node_id="python-example", node_name="Python example", algorithms=["MOTION"], max_tasks=4)
while True:
    message = site.hear(seconds=1)
    if message.get("type") == "START_TASK":
        tasks[message["data"]["task_id"]] = message["data"]["camera_id"]  # a real node opens data.rtsp here
    elif message.get("type") == "STOP_TASK":
        tasks.pop(message["data"]["task_id"], None)
    now = int(time.time() * 1000)
    site.say(type="NODE_HEARTBEAT", node_id="python-example", timestamp=now, tasks=list(tasks))
    for task, camera in tasks.items():
        site.say(type="AI_RESULT", task_id=task, camera_id=camera, ts=now, scene_code="MOTION", alarm_event=True, confidence=0.9,
                 objects=[{"label": "person", "score": 0.9, "bbox": [0.4, 0.3, 0.2, 0.4]}])
