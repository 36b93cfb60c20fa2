"""Messages of the bot's: posted once, changed, read back."""

from __future__ import annotations

import io
from typing import Any

import discord as sdk
import pytest

from tests.discord.client import logged_in, place_of, pointed_at, refused
from tests.discord.server import Discord
from tests.discord.values import COMPONENTS_V2

pytestmark = pytest.mark.campaign

POST, PATCH = "POST /channels/{channel}/messages", "PATCH /channels/{channel}/messages/{message}"


async def test_a_nonce_finds_the_earlier_message_until_it_is_forgotten(discord: Discord) -> None:
    channel = discord.channel("a")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            first = await place.send("once", nonce="turn:1")
            again = await place.send("once more", nonce="turn:1")
            discord.forget_nonce()
            late = await place.send("later", nonce="turn:1")
    assert (first.id == again.id, again.content, first.id == late.id) == (True, "once", False)
    assert [(message.nonce, message.text) for message in discord.messages(channel)] == [
        ("turn:1", "once"),
        ("turn:1", "later"),
    ]
    assert [(write.route, write.nonce) for write in discord.ledger] == [(POST, "turn:1")] * 2


async def test_the_nonce_of_a_message_that_was_deleted_finds_nothing(discord: Discord) -> None:
    channel = discord.channel("a")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            posted = await place.send("once", nonce="turn:1")
            discord.remove(channel, str(posted.id))
            assert await refused(place.send("once", nonce="turn:1")) == (404, 10008)
    assert discord.messages(channel) == []


async def test_an_edit_keeps_what_it_does_not_name(discord: Discord) -> None:
    channel = discord.channel("a")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            chart = sdk.File(io.BytesIO(b"png"), "chart.png", description="NVDA, a year")
            posted = await place_of(client, channel).send("one", file=chart, embed=sdk.Embed(title="NVDA"))
            await posted.edit(content="two")
            (message,) = discord.messages(channel)
            assert (message.text, message.embeds[0]["title"], message.edits) == ("two", "NVDA", 1)
            assert [(each.filename, each.content, each.description) for each in message.attachments] == [
                ("chart.png", b"png", "NVDA, a year")
            ]
            assert await posted.attachments[0].read() == b"png"
            table = sdk.File(io.BytesIO(b"a,b"), "table.csv")
            await posted.edit(embeds=[], attachments=[*posted.attachments, table])
            (message,) = discord.messages(channel)
            assert (message.embeds, [each.filename for each in message.attachments]) == ([], ["chart.png", "table.csv"])
            await posted.edit(attachments=[])
    assert discord.messages(channel)[0].attachments == []
    assert [write.route for write in discord.ledger] == [POST, PATCH, PATCH, PATCH]


async def test_components_v2_are_all_that_a_message_shows_and_cannot_be_taken_back(discord: Discord) -> None:
    channel = discord.channel("a")
    # discord.py's parts are generic over the views that they will be in.
    ui: Any = sdk.ui
    view = sdk.ui.LayoutView()
    view.add_item(ui.Container(ui.TextDisplay("NVDA is up."), ui.Separator()))
    view.add_item(ui.ActionRow(ui.Button(label="Retry", custom_id="retry:7")))
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            posted = await place.send(view=view)
            assert await refused(posted.edit(content="plain", view=None)) == (400, 50035)
            legacy = await place.send("plain", nonce="1")
            await legacy.edit(content=None, view=view)
    first, second = discord.messages(channel)
    assert (first.text, first.custom_ids, first.flags) == ("NVDA is up.", ["retry:7"], COMPONENTS_V2)
    assert (second.text, second.is_v2) == ("NVDA is up.", True)
    assert len(discord.violations) == 1


async def test_components_show_the_files_that_hang_on_their_message(discord: Discord) -> None:
    channel = discord.channel("a")
    ui: Any = sdk.ui
    view = sdk.ui.LayoutView()
    view.add_item(ui.Section("NVDA", accessory=ui.Thumbnail("attachment://chart.png")))
    view.add_item(ui.MediaGallery(sdk.MediaGalleryItem("attachment://chart.png", description="A year")))
    view.add_item(ui.Separator())
    view.add_item(ui.File("attachment://table.csv"))
    with pointed_at(discord):
        async with logged_in(discord) as client:
            files = [sdk.File(io.BytesIO(name.encode()), name) for name in ("chart.png", "table.csv")]
            embed = sdk.Embed(title="NVDA").set_image(url="attachment://chart.png")
            await place_of(client, channel).send(embed=embed, file=sdk.File(io.BytesIO(b"png"), "chart.png"))
            posted = await place_of(client, channel).send(view=view, files=files)
            again = await posted.edit(view=view)
    pictured, shown = discord.messages(channel)
    section, gallery, _, file = shown.components
    chart, table = shown.attachments
    assert section["accessory"]["media"]["attachment_id"] == gallery["items"][0]["media"]["attachment_id"] == chart.id
    assert (file["name"], file["size"], file["file"]["attachment_id"]) == ("table.csv", len("table.csv"), table.id)
    assert pictured.embeds[0]["image"]["attachment_id"] == pictured.attachments[0].id
    assert (len(again.components), shown.edits) == (4, 1)


async def test_only_those_are_notified_whom_the_sender_allows(discord: Discord) -> None:
    ada, role, channel = discord.user("ada"), discord.role("analysts", mentionable=True), discord.channel("a")
    text = f"<@{ada}> <@&{role}> @everyone `<@{discord.bot_user}>`"
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            await place.send(text, allowed_mentions=sdk.AllowedMentions.none())
            assert discord.pings == []
            await place.send(text)
            discord.grant("mention_everyone")
            await place.send(text, allowed_mentions=sdk.AllowedMentions(everyone=True, users=False, roles=False))
            await place.send(text, silent=True)
    found = [(ping.users, ping.roles, ping.everyone) for ping in discord.pings]
    assert found == [((ada,), (role,), False), ((), (), True)]


async def test_what_came_after_a_message_is_read_oldest_first_page_by_page(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = [discord.say(channel, ada, str(number)) for number in range(130)]
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            after = [each async for each in place.history(after=sdk.Object(int(said[9])), limit=None)]
            last = [each async for each in place.history(limit=3)]
            before = [each async for each in place.history(before=sdk.Object(int(said[2])), limit=None)]
            around = [each async for each in place.history(around=sdk.Object(int(said[50])), limit=5)]
    assert [str(each.id) for each in after] == said[10:]
    assert [each.content for each in last] == ["129", "128", "127"]
    assert [each.content for each in before] == ["1", "0"]
    assert sorted(int(each.content) for each in around) == [48, 49, 50, 51, 52]


async def test_without_its_permission_history_is_empty_and_no_error(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a", lacking=["read_message_history"])
    said = discord.say(channel, ada, "hello")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            assert [each async for each in place.history()] == []
            assert await refused(place.fetch_message(int(said))) == (403, 50013)


@pytest.mark.parametrize(("lacking", "code"), [(["view_channel"], 50001), (["send_messages"], 50013), ([], None)])
async def test_where_the_bot_may_not_write_it_is_refused(
    discord: Discord, lacking: list[str], code: int | None
) -> None:
    channel = discord.channel("a", lacking=lacking)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            if code is None:
                await place_of(client, channel).send("hello")
            else:
                assert await refused(place_of(client, channel).send("hello")) == (403, code)
    assert len(discord.messages(channel)) == (1 if code is None else 0)


async def test_direct_messages_reach_who_takes_them(discord: Discord) -> None:
    ada, bob = discord.user("ada"), discord.user("bob")
    discord.set_user(bob, closed=True)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            await (await client.fetch_user(int(ada))).send("hello")
            assert await refused((await client.fetch_user(int(bob))).send("hello")) == (403, 50007)
    assert [message.text for message in discord.messages(discord.dm(ada))] == ["hello"]


async def test_an_answer_to_what_was_taken_back_is_refused(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = discord.say(channel, ada, "hello")
    discord.remove(channel, said)
    with pointed_at(discord):
        async with logged_in(discord) as client:
            place = place_of(client, channel)
            reference = sdk.MessageReference(message_id=int(said), channel_id=int(channel))
            assert await refused(place.send("hi", reference=reference)) == (400, 50035)
            reference.fail_if_not_exists = False
            assert (await place.send("hi", reference=reference)).reference is None


async def test_reactions_are_put_taken_back_and_listed(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = discord.say(channel, ada, "hello")
    discord.react(channel, said, ada, "🔁")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            message = await place_of(client, channel).fetch_message(int(said))
            await message.add_reaction("🔁")
            await message.add_reaction("🔁")
            message = await message.fetch()
            (reaction,) = message.reactions
            assert (reaction.count, reaction.me) == (2, True)
            assert {str(user.id) async for user in reaction.users()} == {ada, discord.bot_user}
            await message.remove_reaction("🔁", sdk.Object(int(discord.bot_user)))
            assert await refused(message.add_reaction("nonsense")) == (400, 10014)
    assert discord.message(channel, said).reactions == [("🔁", ada)]


async def test_a_message_of_somebody_else_cannot_be_changed(discord: Discord) -> None:
    ada, channel = discord.user("ada"), discord.channel("a")
    said = discord.say(channel, ada, "hello")
    with pointed_at(discord):
        async with logged_in(discord) as client:
            message = place_of(client, channel).get_partial_message(int(said))
            assert await refused(message.edit(content="mine")) == (403, 50005)
            assert await refused(message.delete()) == (403, 50013)
            discord.grant("manage_messages")
            await message.delete()
    assert discord.messages(channel) == []
