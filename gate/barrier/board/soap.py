"""SOAP 1.2 as ONVIF devices speak it: envelopes signed with a name and a password digest, and their answers."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from gate.barrier.board.isapi import parse_answer

CONTENT_TYPE = "application/soap+xml; charset=utf-8"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
DEVICE_IO = "http://www.onvif.org/ver10/deviceIO/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_SECURITY = f"{_OASIS}-wssecurity-secext-1.0.xsd"
_UTILITY = f"{_OASIS}-wssecurity-utility-1.0.xsd"
_DIGEST = f"{_OASIS}-username-token-profile-1.0#PasswordDigest"
_BASE64 = f"{_OASIS}-soap-message-security-1.0#Base64Binary"


def signature(username: str, password: str, nonce: bytes, created: datetime) -> str:
    """The WS-Security header: Base64(SHA-1(nonce + created + password)), as ONVIF Core requires of every device."""
    at = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + at.encode() + password.encode(), usedforsecurity=False).digest()
    return (
        f'<wsse:Security xmlns:wsse="{_SECURITY}" xmlns:wsu="{_UTILITY}" s:mustUnderstand="1"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(username)}</wsse:Username>"
        f'<wsse:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</wsse:Password>'
        f'<wsse:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</wsse:Nonce>'
        f"<wsu:Created>{at}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def envelope(body: str, security: str = "", to: str = "", action: str = "") -> str:
    """A request; `to` and `action` are WS-Addressing's, which the event service asks for."""
    addressed = ""
    if to:
        addressed = (
            f'<wsa:To xmlns:wsa="{_ADDRESSING}">{escape(to)}</wsa:To>'
            f'<wsa:Action xmlns:wsa="{_ADDRESSING}">{escape(action)}</wsa:Action>'
        )
    head = f"<s:Header>{security}{addressed}</s:Header>" if security or addressed else ""
    xml = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{xml}<s:Envelope xmlns:s="{_SOAP}">{head}<s:Body>{body}</s:Body></s:Envelope>'


def element(space: str, name: str, inner: str = "", **attributes: str) -> str:
    """An element of the request's body in a namespace of its own; `inner` is XML already."""
    facts = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f'<{name} xmlns="{space}"{facts}>{inner}</{name}>'


def text_element(name: str, text: str) -> str:
    """An element with text, in the namespace of what it stands in."""
    return f"<{name}>{escape(text)}</{name}>"


def body_of(answer: bytes) -> ET.Element | None:
    """What an envelope holds; None for anything that is no envelope."""
    tree = parse_answer(answer)
    if tree is None or name_of(tree) != "Envelope":
        return None
    body = next((child for child in tree if name_of(child) == "Body"), None)
    return None if body is None else next(iter(body), None)


def name_of(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def every(tree: ET.Element, name: str) -> Iterator[ET.Element]:
    """The elements of that name, at any depth."""
    return (element for element in tree.iter() if name_of(element) == name)


def text_at(tree: ET.Element, name: str) -> str | None:
    """The text of the first element of that name."""
    found = next(every(tree, name), None)
    return None if found is None or found.text is None else found.text.strip()


def reason(fault: ET.Element) -> str:
    """Why a device refused, fit for a log line."""
    words = [text.strip() for text in (text_at(fault, "Text"), text_at(fault, "Value")) if text]
    return re.sub(r"[^A-Za-z0-9_.: -]", "", " ".join(words) or "?")[:60]
