"""The `jixiao` command.

Belongs here: the parser, the language and the settings that every command takes. Does not belong here: the commands
(`pipelines.commands`) and any work.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines import __version__
from pipelines.commands import accuracy, files, night, quarantine, releases, vocabulary, warehouse
from pipelines.commands.telling import FAILED, OK
from pipelines.console import Voice
from pipelines.obstacles import HomeError
from pipelines.settings import Settings, SettingsError, language_of_locale

if TYPE_CHECKING:
    from pipelines.commands.telling import Run

SUBJECTS = (night, files, vocabulary, accuracy, warehouse, quarantine, releases)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    voice = Voice(_language(arguments))
    given = _parser(voice).parse_args(arguments)
    try:
        options = {"language": "lang", "raw": "raw", "home": "home", "workers": "workers", "log_format": "log_format"}
        settings = Settings.load(**{name: getattr(given, option, None) for name, option in options.items()})
        command: Run = given.run
        return command(given, settings, voice)
    except (SettingsError, HomeError) as error:
        voice.error(str(error))
        return FAILED
    except BrokenPipeError:  # the reader of the pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _language(arguments: Sequence[str]) -> str:
    """Language of help texts, needed before the arguments are parsed."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--lang"):
            value = argument.partition("=")[2] or next(iter(arguments[index + 1 : index + 2]), "")
            if value in ("zh", "en"):
                return value
    chosen = os.environ.get("JIXIAO_LANG", "auto")
    return chosen if chosen in ("zh", "en") else language_of_locale(os.environ)


def _parser(voice: Voice) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lang", choices=("zh", "en", "auto"), default=argparse.SUPPRESS, help=voice.text("option_lang"))
    common.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=voice.text("option_home"))
    parser = argparse.ArgumentParser(
        prog="jixiao", description=voice.text("help"), epilog=voice.text("epilog"), formatter_class=layout, parents=[common]
    )
    parser.add_argument("--version", action="version", version=f"jixiao {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Run, exit_codes: str) -> argparse.ArgumentParser:
        text = voice.text(f"command_{name}")
        added = commands.add_parser(
            name, help=text, description=text, epilog=voice.text(exit_codes), formatter_class=layout, parents=[common]
        )
        added.set_defaults(run=run)
        return added

    for subject in SUBJECTS:
        subject.add(command, voice)
    for added in commands.choices.values():
        added.add_argument("--json", action="store_true", help=voice.text("option_json"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
