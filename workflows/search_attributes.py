"""Search attributes, registered by whoever connects first; where the server forbids it, Clew runs without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from workflows.identity import SEARCH_ATTRIBUTES


async def missing(client: Client) -> tuple[SearchAttributeKey[Any], ...]:
    """Our search attributes that the namespace lacks. Raises RPCError where listing is forbidden."""
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    # One that exists with another type could not be written, so it counts as missing.
    return tuple(
        key for key in SEARCH_ATTRIBUTES if found.custom_attributes.get(key.name, 0) != int(key.indexed_value_type)
    )


async def ensure(client: Client) -> bool:
    """Register what is missing. True if all are usable afterwards; two processes doing this at once are harmless."""
    try:
        absent = await missing(client)
        if absent:
            wanted = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in absent}
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
            )
    except RPCError as refused:
        return refused.status == RPCStatusCode.ALREADY_EXISTS
    return True


def commands(namespace: str, keys: Sequence[SearchAttributeKey[Any]] = SEARCH_ATTRIBUTES) -> tuple[str, ...]:
    """What an operator types where we may not register them ourselves."""
    flags = " ".join(f"--name {key.name} --type {_TYPES[int(key.indexed_value_type)]}" for key in keys)
    return (f"temporal operator search-attribute create --namespace {namespace} {flags}",)


_TYPES = {
    int(IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD): "Keyword",
    int(IndexedValueType.INDEXED_VALUE_TYPE_DATETIME): "Datetime",
}
