"""Payload encryption: what Temporal stores is readable only with CLEW_ENCRYPTION_KEY, failures included.

Search attributes and workflow ids stay readable, so neither ever holds text of people.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

ENCODING = b"binary/encrypted"
CIPHER = b"AES-256-GCM"
KEY_BYTES = 32
_NONCE_BYTES = 12


class CodecError(Exception):
    """A key is malformed, or a payload was written with a key that is not here. Holds neither."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    id: bytes
    cipher: AESGCM


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM. The first key encrypts, all decrypt: a new key goes in front of the old one."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise CodecError("at least one key is needed")
        self._keys = [_Key(id=_key_id(key), cipher=AESGCM(key)) for key in keys]

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Encrypt payloads, metadata included."""
        key = self._keys[0]
        return [self._encrypt(key, payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Decrypt payloads; those from before encryption was turned on pass unchanged. Raises CodecError."""
        return [
            self._decrypt(payload) if payload.metadata.get("encoding") == ENCODING else payload for payload in payloads
        ]

    def _encrypt(self, key: _Key, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = key.cipher.encrypt(nonce, payload.SerializeToString(), key.id)
        return Payload(
            metadata={"encoding": ENCODING, "encryption-cipher": CIPHER, "encryption-key-id": key.id},
            data=nonce + sealed,
        )

    def _decrypt(self, payload: Payload) -> Payload:
        wanted = payload.metadata.get("encryption-key-id", b"")
        key = next((key for key in self._keys if key.id == wanted), None)
        if key is None:
            raise CodecError("a payload was encrypted with a key that CLEW_ENCRYPTION_KEY does not hold")
        try:
            plain = key.cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], key.id)
        except InvalidTag:
            raise CodecError("an encrypted payload was altered") from None
        return Payload.FromString(plain)


def read_keys(text: str) -> tuple[bytes, ...]:
    """Keys of CLEW_ENCRYPTION_KEY: comma-separated, each 32 bytes in base64 or hex. Raises CodecError."""
    return tuple(_read_key(part.strip()) for part in text.split(",") if part.strip())


def data_converter(encryption_key: str | None) -> DataConverter:
    """The one data converter of every client and worker. Raises CodecError for a malformed key."""
    if not encryption_key:
        return DataConverter.default
    return replace(
        DataConverter.default,
        payload_codec=EncryptionCodec(read_keys(encryption_key)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _read_key(text: str) -> bytes:
    key = b""
    if len(text) == 2 * KEY_BYTES:
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
    else:
        try:
            key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if len(key) != KEY_BYTES:
        raise CodecError("CLEW_ENCRYPTION_KEY must be 32 bytes in base64 or hex")
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"clew key id" + key).hexdigest()[:12].encode()
