"""A mail server of aiosmtpd. Says its port, then one line of JSON per letter.

usage: mail_server.py MODE [CERTIFICATE KEY]
MODE: plain, starttls, tls, refuse (550 to every recipient), busy (451), login (wants guard / hunter2)
"""

import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# It warns of what is asked for here on purpose.
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
mode = sys.argv[1]
context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "refuse":
            return "550 5.1.1 nobody of that name, hunter2"
        if mode == "busy":
            return "451 4.3.0 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("latin-1"),
            "is_encrypted": session.ssl is not None or mode == "tls",
            "is_logged_in": bool(session.authenticated),
        }
        print(json.dumps(letter), flush=True)
        return "250 queued as 1"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"guard", b"hunter2")
    return AuthResult(success=known, handled=False)


def factory():
    return SMTP(
        Handler(),
        hostname="mail.test",
        tls_context=context if mode == "starttls" else None,
        require_starttls=mode == "starttls",
        authenticator=authenticate,
        auth_required=mode == "login",
        auth_require_tls=False,
    )


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with whoever started it.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
