"""Commands, buttons, selects and windows, through discord.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord as sdk
import pytest
from discord import app_commands

from tests.discord.client import Listener, connected, pointed_at, refused, thread_from, until
from tests.discord.errors import NotThere
from tests.discord.server import Discord

pytestmark = pytest.mark.campaign

Handler = Callable[["sdk.Interaction[Any]"], Awaitable[None]]


class App(Listener):
    """A client whose command `/research` and whose buttons do what a test says."""

    def __init__(self, discord: Discord, on_command: Handler, on_component: Handler | None = None) -> None:
        super().__init__()
        self.tree = app_commands.CommandTree(self)
        self.discord = discord
        self.asked: list[str] = []
        self._on_component = on_component

        @self.tree.command(name="research", description="Research a company.")
        async def research(interaction: sdk.Interaction[Any], symbol: str, years: int = 1) -> None:
            self.asked.append(f"{symbol} {years}")
            await on_command(interaction)

        @research.autocomplete("symbol")
        async def suggest(_: sdk.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{typed.upper()} Inc.", value=typed.upper())]

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_interaction(self, interaction: sdk.Interaction[Any]) -> None:
        if self._on_component is not None and interaction.type is not sdk.InteractionType.application_command:
            await self._on_component(interaction)


async def _answer(interaction: sdk.Interaction[Any]) -> None:
    await interaction.response.send_message("🔎 NVDA")


async def test_a_command_is_answered_by_a_message_that_begins_a_thread(discord: Discord) -> None:
    async def open_thread(interaction: sdk.Interaction[Any]) -> None:
        opened = await interaction.response.send_message("🔎 NVDA")
        await thread_from(interaction.client, str(interaction.channel_id), str(opened.message_id), "NVDA")

    ada, channel = discord.user("ada"), discord.channel("stocks")
    app = App(discord, open_thread)
    with pointed_at(discord):
        async with connected(discord, app):
            command = discord.command(channel, ada, "research", symbol="NVDA", years=5)
            await until(lambda: bool(discord.threads(channel)), "the thread is there")
    assert (app.asked, command.acked, command.failed) == (["NVDA 5"], True, False)
    (thread,) = discord.threads(channel)
    assert command.response is not None
    assert (command.response.text, command.response.ephemeral, command.response.id) == ("🔎 NVDA", False, thread.id)
    assert [shown["name"] for shown in discord.commands()] == ["research"]
    assert discord.unknown_routes() == []


async def test_an_option_suggests_what_it_is_asked_for(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, _answer)):
            typed = discord.autocomplete(channel, ada, "research", "symbol", "nv")
            await until(lambda: typed.choices is not None, "something is suggested")
    assert typed.choices == [{"name": "NV Inc.", "value": "NV"}]


async def test_an_answer_that_comes_too_late_is_to_an_unknown_interaction(discord: Discord) -> None:
    codes: list[tuple[int, int]] = []

    async def too_late(interaction: sdk.Interaction[Any]) -> None:
        await until(lambda: command.failed, "the person is told")
        codes.append(await refused(interaction.response.send_message("here")))

    ada, channel = discord.user("ada"), discord.channel("stocks")
    discord.patience(0.1)
    with pointed_at(discord):
        async with connected(discord, App(discord, too_late)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: bool(codes), "it is answered")
    assert (codes, command.acked, discord.messages(channel)) == ([(404, 10062)], False, [])


async def test_a_command_that_nobody_hears_fails(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, _answer)):
            pass
    discord.patience(0.05)
    command = discord.command(channel, ada, "research", symbol="NVDA")
    await until(lambda: command.failed, "the person is told")


async def test_a_second_answer_is_refused_and_changes_nothing(discord: Discord) -> None:
    codes: list[tuple[int, int]] = []

    async def twice(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message("one")
        again = sdk.InteractionResponse[Any](interaction)
        codes.append(await refused(again.send_message("two")))

    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, twice)):
            discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: bool(codes), "both are answered")
    assert codes == [(400, 40060)]
    assert [message.text for message in discord.messages(channel)] == ["one"]


async def test_a_deferred_answer_is_seen_by_its_asker_alone_until_the_token_expires(discord: Discord) -> None:
    codes: list[tuple[int, int]] = []

    async def slowly(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        assert command.response is not None
        assert command.response.loading
        await interaction.edit_original_response(content="one")
        await interaction.followup.send("two", ephemeral=True)
        discord.expire_interactions()
        codes.append(await refused(interaction.followup.send("three")))

    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, slowly)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: bool(codes), "the last answer is refused")
    assert codes == [(401, 50027)]
    assert [message.text for message in command.shown] == ["one", "two"]
    assert [message.text for message in discord.ephemerals(channel, ada)] == ["one", "two"]
    assert discord.messages(channel) == []


async def test_a_command_works_where_the_bot_is_not(discord: Discord) -> None:
    may: list[bool] = []

    async def look(interaction: sdk.Interaction[Any]) -> None:
        may.append(interaction.app_permissions.send_messages)
        await interaction.response.send_message("Let me in.", ephemeral=True)

    ada = discord.user("ada")
    channel = discord.channel("secret", private_to=[ada], lacking=["view_channel"])
    with pointed_at(discord):
        async with connected(discord, App(discord, look)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: command.acked, "it is answered")
    assert (may, [message.text for message in command.shown]) == ([False], ["Let me in."])


def _view() -> sdk.ui.LayoutView:
    # discord.py's parts are generic over the views that they will be in.
    ui: Any = sdk.ui
    view = sdk.ui.LayoutView()
    view.add_item(ui.Section("NVDA", accessory=ui.Button(label="Retry", custom_id="retry:7")))
    view.add_item(ui.ActionRow(ui.Select(custom_id="years", options=[sdk.SelectOption(label="5", value="5")])))
    view.add_item(ui.ActionRow(ui.Button(label="Off", custom_id="off", disabled=True)))
    return view


async def test_a_button_that_stands_there_can_be_pressed_and_no_other(discord: Discord) -> None:
    pressed: list[Any] = []

    async def show(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message(view=_view())

    async def press(interaction: sdk.Interaction[Any]) -> None:
        pressed.append(interaction.data)
        await interaction.response.defer()

    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, show, press)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: command.response is not None, "the button is there")
            (shown,) = command.shown
            assert shown.custom_ids == ["retry:7", "years", "off"]
            click = discord.click(channel, shown.id, ada, "retry:7")
            choice = discord.click(channel, shown.id, ada, "years", values=["5"])
            await until(lambda: click.acked and choice.acked, "both are acknowledged")
            for custom_id, values in (("stop", ()), ("off", ()), ("years", ["6"]), ("retry:7", ["5"])):
                with pytest.raises(NotThere):
                    discord.click(channel, shown.id, ada, custom_id, values=values)
    assert [each["custom_id"] for each in pressed] == ["retry:7", "years"]
    assert pressed[1]["values"] == ["5"]


async def test_a_message_is_changed_by_its_own_button(discord: Discord) -> None:
    async def show(interaction: sdk.Interaction[Any]) -> None:
        view = sdk.ui.View(timeout=None).add_item(sdk.ui.Button(label="Stop", custom_id="stop"))
        await interaction.response.send_message("Working…", view=view)

    async def press(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.edit_message(content="Stopped.", view=None)

    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, show, press)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: command.response is not None, "the button is there")
            click = discord.click(channel, command.shown[0].id, ada, "stop")
            await until(lambda: click.acked, "it is acknowledged")
    (message,) = discord.messages(channel)
    assert (message.text, message.custom_ids) == ("Stopped.", [])


async def test_a_window_comes_back_as_it_was_filled_in(discord: Discord) -> None:
    entered: list[str] = []

    class Ask(sdk.ui.Modal, title="Ask"):
        question: sdk.ui.Label[Any] = sdk.ui.Label(text="Question", component=sdk.ui.TextInput(custom_id="question"))

        async def on_submit(self, interaction: sdk.Interaction[Any]) -> None:
            field: Any = self.question.component
            entered.append(field.value)
            await interaction.response.send_message("Thanks.", ephemeral=True)

    async def ask(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_modal(Ask())

    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, ask)):
            command = discord.command(channel, ada, "research", symbol="NVDA")
            await until(lambda: command.modal is not None, "the window is open")
            with pytest.raises(NotThere):
                discord.submit_modal(command, {})
            sent = discord.submit_modal(command, {"question": "why?"})
            await until(lambda: sent.acked, "it is acknowledged")
    assert (entered, [message.text for message in sent.shown]) == (["why?"], ["Thanks."])


@pytest.mark.parametrize(
    ("name", "options"), [("unheard", {"symbol": "X"}), ("research", {}), ("research", {"other": "X"})]
)
async def test_what_is_not_registered_cannot_be_entered(discord: Discord, name: str, options: dict[str, Any]) -> None:
    ada, channel = discord.user("ada"), discord.channel("stocks")
    with pointed_at(discord):
        async with connected(discord, App(discord, _answer)):
            pass
    with pytest.raises(NotThere):
        discord.command(channel, ada, name, **options)


async def test_commands_in_groups_and_menus_are_offered_to_whom_they_are_meant_for(discord: Discord) -> None:
    seen: list[str] = []
    client = Listener()
    tree = app_commands.CommandTree(client)
    group = app_commands.Group(
        name="admin", description="Admin.", default_permissions=sdk.Permissions(manage_guild=True), guild_only=True
    )

    @group.command(name="grant", description="Grant.")
    async def grant(interaction: sdk.Interaction[Any], who: sdk.Member, role: sdk.Role) -> None:
        seen.append(f"{who.name} {role.name}")
        await interaction.response.send_message("ok")

    @tree.context_menu(name="Research this")
    async def research_this(interaction: sdk.Interaction[Any], message: sdk.Message) -> None:
        seen.append(message.content)
        await interaction.response.send_message("ok")

    tree.add_command(group)
    boss, ada, role, channel = (
        discord.user("boss", admin=True),
        discord.user("ada"),
        discord.role("r"),
        discord.channel("a"),
    )
    said = discord.say(channel, ada, "NVDA is up")
    with pointed_at(discord):
        async with connected(discord, client):
            await tree.sync()
            given = discord.command(channel, boss, "admin grant", who=ada, role=role)
            chosen = discord.context(channel, ada, "Research this", said)
            await until(lambda: given.acked and chosen.acked, "both are answered")
            for user, place in ((ada, channel), (boss, discord.dm(boss))):
                with pytest.raises(NotThere):
                    discord.command(place, user, "admin grant", who=ada, role=role)
    assert seen == ["ada r", "NVDA is up"]
    assert grant.name == "grant"
    assert research_this.name == "Research this"


async def test_what_followed_an_answer_is_read_changed_and_taken_back(discord: Discord) -> None:
    texts: list[str] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.defer()
        await interaction.followup.send("one")
        more = await interaction.followup.send("two", wait=True)
        await more.edit(content="three")
        texts.append((await interaction.original_response()).content)
        texts.append((await interaction.followup.fetch_message(more.id)).content)
        await interaction.delete_original_response()

    ada, channel = discord.user("ada"), discord.channel("stocks")
    thread = discord.begin_thread(channel, ada, "NVDA")
    with pointed_at(discord):
        async with connected(discord, App(discord, answer)):
            command = discord.command(thread, ada, "research", symbol="NVDA")
            await until(lambda: len(texts) == 2 and command.response is None, "all is done")
    assert texts == ["one", "three"]
    assert [message.text for message in discord.messages(thread)] == ["three"]
    assert [message.text for message in command.followups] == ["three"]
