from __future__ import annotations

import base64
import os

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from workflows.codec import CodecError, EncryptionCodec, data_converter, read_keys
from workflows.contracts import Asker, IncomingMessage, ThreadRef

CANARY = "canary: what people asked"


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def message() -> IncomingMessage:
    thread = ThreadRef(platform="slack", workspace="T1", channel="C1", thread="1.1")
    return IncomingMessage(thread=thread, message="1.2", asker=Asker(user="U1"), text=CANARY)


async def test_what_is_encoded_shows_nothing_and_decodes_to_the_same_value() -> None:
    converter = data_converter(key())
    payloads = await converter.encode([message()])
    assert CANARY.encode() not in payloads[0].SerializeToString()
    assert b"slack" not in payloads[0].SerializeToString()
    assert await converter.decode(payloads, [IncomingMessage]) == [message()]


async def test_equal_values_are_encrypted_differently() -> None:
    converter = data_converter(key())
    first, second = await converter.encode([message(), message()])
    assert first.data != second.data


async def test_the_text_of_a_failure_is_encrypted_too() -> None:
    converter = data_converter(key())
    failure = Failure()
    await converter.encode_failure(ApplicationError(CANARY, CANARY, type="SomeError"), failure)
    assert CANARY.encode() not in failure.SerializeToString()
    decoded = await converter.decode_failure(failure)
    assert isinstance(decoded, ApplicationError)
    assert decoded.message == CANARY
    assert decoded.type == "SomeError"


async def test_a_new_key_in_front_still_reads_what_the_old_one_wrote() -> None:
    old, new = key(), key()
    written = await data_converter(old).encode([message()])
    assert await data_converter(f"{new},{old}").decode(written, [IncomingMessage]) == [message()]


async def test_without_its_key_a_payload_is_refused_in_words_without_the_key() -> None:
    written = await data_converter(key()).encode([message()])
    other = key()
    with pytest.raises(CodecError) as refusal:
        await data_converter(other).decode(written, [IncomingMessage])
    assert other not in str(refusal.value)


async def test_an_altered_payload_is_refused() -> None:
    keys = key()
    (payload,) = await data_converter(keys).encode([message()])
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    with pytest.raises(CodecError, match="altered"):
        await data_converter(keys).decode([payload], [IncomingMessage])


async def test_payloads_from_before_encryption_are_read() -> None:
    plain = await data_converter(None).encode([message()])
    assert await data_converter(key()).decode(plain, [IncomingMessage]) == [message()]


@pytest.mark.parametrize("text", ["short", "a" * 63, "not base64 at all!!", base64.b64encode(b"x" * 31).decode()])
def test_a_malformed_key_is_refused_without_being_echoed(text: str) -> None:
    with pytest.raises(CodecError) as refusal:
        read_keys(text)
    assert text not in str(refusal.value)


def test_keys_come_in_base64_urlsafe_base64_or_hex() -> None:
    raw = bytes(range(224, 256))
    texts = [base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"="), raw.hex().encode()]
    assert read_keys(",".join(text.decode() for text in texts)) == (raw, raw, raw)


def test_a_codec_needs_a_key() -> None:
    with pytest.raises(CodecError):
        EncryptionCodec([])
