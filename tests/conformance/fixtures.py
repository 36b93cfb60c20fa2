"""What the conformance suite calls by fixed names, added to a server that the project's factory made.

The suite's scenarios count on these names and words. Features that the project does not use (sampling, elicitation,
subscriptions) have no fixture: their scenarios stand in the baseline, each with its reason.
"""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import Message, UserMessage
from mcp.types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from PIL import Image

SIMPLE_TEXT = "This is a simple text response for testing."
FIXTURES = frozenset({
    "test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
    "test_multiple_content_types", "test_error_handling", "test_tool_with_progress",
})  # fmt: skip


def _png() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _wav() -> str:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8_000)
        sound.writeframes(b"\x80" * 8)
    return base64.b64encode(buffer.getvalue()).decode()


def _embedded(uri: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type="text/plain", text=text))


def _image() -> ImageContent:
    return ImageContent(type="image", data=_png(), mime_type="image/png")


def _result(*blocks: ContentBlock) -> CallToolResult:
    return CallToolResult(content=[*blocks])


def add_fixtures(server: MCPServer[Any]) -> None:
    """Register tools, resources and prompts."""
    _add_tools(server)
    _add_resources(server)
    _add_prompts(server)


def _add_tools(server: MCPServer[Any]) -> None:
    def test_simple_text() -> CallToolResult:
        return _result(TextContent(type="text", text=SIMPLE_TEXT))

    def test_image_content() -> CallToolResult:
        return _result(_image())

    def test_audio_content() -> CallToolResult:
        return _result(AudioContent(type="audio", data=_wav(), mime_type="audio/wav"))

    def test_embedded_resource() -> CallToolResult:
        return _result(_embedded("test://embedded-resource", "This is an embedded resource content."))

    def test_multiple_content_types() -> CallToolResult:
        text = TextContent(type="text", text="Multiple content types test:")
        return _result(text, _image(), _embedded("test://mixed-content-resource", '{"test": "data"}'))

    def test_error_handling() -> CallToolResult:
        raise ToolError("This tool intentionally returns an error for testing")

    async def test_tool_with_progress(ctx: Context[Any, Any]) -> CallToolResult:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
        return _result(TextContent(type="text", text="done"))

    for tool in (
        test_simple_text, test_image_content, test_audio_content, test_embedded_resource, test_multiple_content_types,
        test_error_handling, test_tool_with_progress,
    ):  # fmt: skip
        server.add_tool(tool, description="A fixture of the conformance suite.")


def _add_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return base64.b64decode(_png())

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002 - the placeholder's name in the suite
        return f'{{"id": "{id}", "templateTest": true, "data": "Data for ID: {id}"}}'

    assert all((static_text, static_binary, template))


def _add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="A fixture of the conformance suite.")
    def test_simple_prompt() -> list[Message]:
        return [UserMessage("This is a simple prompt for testing.")]

    @server.prompt(description="A fixture of the conformance suite.")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> list[Message]:
        return [UserMessage(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]

    @server.prompt(description="A fixture of the conformance suite.")
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:  # noqa: N803 - the suite's name
        return [
            UserMessage(_embedded(resourceUri, "Embedded resource content for testing.")),
            UserMessage("Please process the embedded resource above."),
        ]

    @server.prompt(description="A fixture of the conformance suite.")
    def test_prompt_with_image() -> list[Message]:
        return [UserMessage(_image()), UserMessage("Please analyze the image above.")]

    assert all((
        test_simple_prompt, test_prompt_with_arguments, test_prompt_with_embedded_resource, test_prompt_with_image,
    ))  # fmt: skip
