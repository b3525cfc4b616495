"""Mails as servers and programs write them, after the RFCs and what these programs are known for. All are made up here.

`to` is where the mail came to, `reader` whom the message was for, `original` the headers of the message.
"""

from __future__ import annotations

from textwrap import dedent

READER = "maja@example.org"


def original(number: int, unsubscribe: str = "", sender: str = "", reader: str = READER) -> str:
    """The headers of a message of ours, as a report returns them."""
    lines = [
        f"Return-Path: <{sender}>" if sender else "",
        "Received: from news.example.org by mx.example.net; Fri, 20 Nov 2026 07:00:03 +0000",
        "Date: Fri, 20 Nov 2026 07:00:00 +0000",
        "From: The Weekly <weekly@news.example.org>",
        f"To: {reader}",
        "Subject: =?utf-8?b?8J+MjSBBIHdoYWxlIGZhbGxz?=",
        f"Message-ID: <{number}.weekly.2026-11-20@news.example.org>",
        f"List-Unsubscribe: <{unsubscribe}>" if unsubscribe else "",
        "Precedence: bulk",
        "MIME-Version: 1.0",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def dsn(
    to: str,
    fields: str,
    *,
    returned: str = "",
    words: str = "Your mail did not arrive.",
    sender: str = "Mail Delivery System <MAILER-DAEMON@mx.example.net>",
    charset: str = "us-ascii",
    kind: str = "message/delivery-status",
    message_id: str = "<dsn-1@mx.example.net>",
    reporting: str = "Reporting-MTA: dns; mx.example.net",
    returned_as: str = "text/rfc822-headers",
) -> bytes:
    """A report of RFC 3464: what is said of each recipient, apart by empty lines."""
    body = f"--=_r\nContent-Type: text/plain; charset={charset}\n\n".encode() + words.encode(charset) + b"\n"
    about = f"{reporting}\n\n{dedent(fields).strip()}\n"
    body += f"--=_r\nContent-Type: {kind}\n\n{about}\n".encode()
    if returned:
        body += f"--=_r\nContent-Type: {returned_as}\n\n{returned}\n".encode()
    head = (
        f"From: {sender}\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: {message_id}\n"
        "Date: Fri, 20 Nov 2026 07:00:05 +0000\nAuto-Submitted: auto-replied\nReturn-Path: <>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"\n\n'
    )
    return head.encode() + body + b"--=_r--\n"


def postfix(to: str, reader: str = READER, code: str = "5.1.1", said: str = "", **more: object) -> bytes:
    """Postfix: a transcript, fields with the other server's words, and the headers."""
    said = said or f"550 {code} <{reader}>: Recipient address rejected: User unknown in virtual mailbox table"
    fields = f"""
        Final-Recipient: rfc822; {reader}
        Original-Recipient: rfc822;{reader}
        Action: failed
        Status: {code}
        Remote-MTA: dns; mx.example.org
        Diagnostic-Code: smtp; {said}
    """
    reporting = (
        "Reporting-MTA: dns; out.example.net\nX-Postfix-Queue-ID: 4XyZ12\nX-Postfix-Sender: rfc822; x@example.net\n"
        "Arrival-Date: Fri, 20 Nov 2026 07:00:01 +0000 (UTC)"
    )
    words = f"I'm sorry to have to inform you that your message could not be delivered.\n\n<{reader}>: {said}"
    return dsn(to, fields, **{"words": words, "reporting": reporting, **more})


def exchange(to: str, reader: str = READER, **more: object) -> bytes:
    """Exchange and Outlook: the recipient's server named, the code in words of Exchange's own."""
    fields = f"""
        Final-Recipient: rfc822;{reader}
        Action: failed
        Status: 5.1.10
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
        X-Display-Name: Maja
    """
    reporting = "Reporting-MTA: dns;AB1PR01MB0001.eurprd01.prod.example.net"
    sender = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net>"
    return dsn(to, fields, reporting=reporting, sender=sender, returned_as="message/rfc822", **more)


def outlook_com(to: str, reader: str = READER, **more: object) -> bytes:
    """Outlook.com, which does not want mail of our network."""
    fields = f"""
        Final-Recipient: rfc822;{reader}
        Action: failed
        Status: 5.7.1
        Diagnostic-Code: smtp;550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network
         is on our block list (S3150).
    """
    return dsn(to, fields, sender="postmaster@outlook.example", **more)


def gmail(to: str, reader: str = READER, **more: object) -> bytes:
    """Gmail: folded words, and a part of pictures before the fields."""
    fields = f"""
        Final-Recipient: rfc822; {reader}
        Action: failed
        Status: 5.2.2
        Remote-MTA: dns; gmail-smtp-in.example.net. (192.0.2.27, the server for the domain example.org.)
        Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota. Please direct
         552-5.2.2 the recipient to
         552 5.2.2  https://support.example.net/mail/?p=OverQuotaPerm d9443c01a7336-2126
        Last-Attempt-Date: Thu, 19 Nov 2026 23:00:06 -0800 (PST)
    """
    sender = "Mail Delivery Subsystem <mailer-daemon@googlemail.example>"
    reporting = "Reporting-MTA: dns; googlemail.example\nArrival-Date: Thu, 19 Nov 2026 23:00:02 -0800 (PST)"
    return dsn(to, fields, sender=sender, reporting=reporting, returned_as="message/rfc822", **more)


def exim(to: str, reader: str = READER, said: str = "") -> bytes:
    """Exim before it wrote reports: words, a header that names who failed, and the message below a line."""
    said = said or f"550 5.1.1 <{reader}>: Recipient address rejected: User unknown"
    return dedent(f"""\
        Return-Path: <>
        X-Failed-Recipients: {reader}
        Auto-Submitted: auto-replied
        From: Mail Delivery System <Mailer-Daemon@mx.example.net>
        To: {to}
        Subject: Mail delivery failed: returning message to sender
        Message-ID: <E1abc-0001@mx.example.net>

        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          {reader}
            host mx.example.org [192.0.2.1]
            SMTP error from remote mail server after RCPT TO:<{reader}>:
            {said}

        ------ This is a copy of the message, including all the headers. ------

        {{original}}
    """).encode()


def qmail(to: str, reader: str = READER, said: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    """qmail: words alone."""
    return dedent(f"""\
        Return-Path: <>
        From: MAILER-DAEMON@mx.example.net
        To: {to}
        Subject: failure notice
        Date: 20 Nov 2026 07:00:05 -0000

        Hi. This is the qmail-send program at mx.example.net.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <{reader}>:
        {said}

        --- Below this line is a copy of the message.

        Return-Path: <somebody@example.net>
        Subject: Hello

        Status: 5.7.1
    """).encode()


def arf(
    to: str,
    fields: str = "",
    *,
    kind: str = "abuse",
    returned: str = "",
    returned_as: str = "message/rfc822",
    message_id: str = "<arf-1@fbl.example.net>",
) -> bytes:
    """A feedback report of RFC 5965, with what it returns of the message, if anything."""
    lines = [f"Feedback-Type: {kind}"] if kind else []
    lines += ["User-Agent: SomeGenerator/1.0", "Version: 1", *dedent(fields).strip().splitlines()]
    parts = [
        "Content-Type: text/plain; charset=us-ascii\n\nThis is an email abuse report for a message.\n",
        "Content-Type: message/feedback-report\n\n" + "\n".join(lines) + "\n",
    ]
    if returned:
        parts.append(f"Content-Type: {returned_as}\n\n{returned}\nHello\n")
    body = "".join(f"--=_f\n{part}" for part in parts) + "--=_f--\n"
    return (
        f"From: feedback@fbl.example.net\nTo: {to}\nSubject: FW: A whale falls\nMessage-ID: {message_id}\n"
        "Date: Fri, 20 Nov 2026 08:00:00 +0000\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=feedback-report; boundary="=_f"\n\n{body}'
    ).encode()


def away(to: str, *, text: str = "I am away until Monday.", **headers: str) -> bytes:
    """An out-of-office answer of a person's program; headers replace those it has, and an empty one takes it away."""
    given = {
        "Return-Path": "<>", "From": "Maja <maja@example.org>", "To": to, "Subject": "Out of office: A whale falls",
        "Message-ID": "<away-1@phone.example.org>", "Auto-Submitted": "auto-replied",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }  # fmt: skip
    head = "".join(f"{name}: {value}\n" for name, value in given.items() if value)
    return f"{head}\n{text}\n".encode()
