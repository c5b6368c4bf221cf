"""`asman node node.toml`: a member's node on live feeds."""

from pathlib import Path

import click


@click.command("node")
@click.argument("config", metavar="NODE.TOML")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the console, instead of the file's.")
@click.option("--token", default="", help="Token of the console, instead of the file's or a random one.")
@click.option("--open", "opening", is_flag=True, help="Open a browser.")
@click.option("--for", "for_", metavar="TIME", help="End by itself after 30s, 5m, 1h.")
def command(config: str, port: int | None, token: str, opening: bool, for_: str | None) -> int:
    """Run a member's node: feeds in, tracks made, console and API out.

    NODE.TOML names the member, its sensors and its feeds; docs/reference/node-toml.md describes it.
    """
    from asman.apps.node_toml import read, secret
    from asman.apps.replay import announce, text_of
    from asman.apps.serve import duration_s, run
    from asman.apps.setting import Setting

    node = read(Path(config))
    return run(
        Setting(
            node=node.name,
            member=node.member,
            mode="live",
            feeds=node.feed,
            sensors=text_of(node.sensors),
            sensors_name=node.sensors,
            picture_s=node.picture_s,
            bind=node.bind,
            port=node.port if port is None else port,
            token=token or secret(node.token_file, node.token_env, f"{config}: token"),
            bus_url=node.bus.url,
            bus_token=secret(node.bus.token_file, node.bus.token_env, f"{config}: bus token"),
            peers=node.peer,
            for_s=None if for_ is None else duration_s(for_),
            serving=announce(opening),
        )
    )
