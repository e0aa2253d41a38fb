"""How a mirror on this machine is to be started, and what that means for its services' environment."""

import json
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rig.pairs import OfPairs, as_variables, kiosk_names, live_links, pairs
from rig.service import ROOT
from shared.config import load_settings, override
from shared.errors import BadInput, ConfigError

STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap", "session")
SECTIONS = (*STAGES, "bus", "rig")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DEFAULT_PORT = 8080
LAST_PORT = 65_535
DEFAULT_SCRIPT = "scripts/mirror.yaml"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What `mirror demo`, `mirror rehearse` and `mirror bench` may be told."""

    config: Path = ROOT / "config" / "mirror.toml"
    script: str = ""
    """Path of a play; empty: the settings' one."""
    language: str = ""
    port: int | None = None
    """Of kiosk and operator page; None takes the settings'. 0 picks a free one, and one for the face: a private mirror."""
    sets: tuple[str, ...] = ()
    """`section.key=value`, over the settings."""
    stages: tuple[str, ...] = STAGES
    """Which services to run; fewer only in tests."""
    package: str = "services"
    """Where the services' modules are; tests bring their own."""
    replicas: Mapping[str, int] = {}
    """Per stage: how many processes; one where none is named."""
    launcher: tuple[str, ...] = ()
    """Module that is to start the services' modules, with its arguments; empty: Python does it itself."""
    mirrors: int = 0
    """How many kiosks, each with a pair of its own; 0: one kiosk of any name, and a pair that serves whoever comes."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Options made definite."""

    environment: dict[str, str]
    port: int
    stages: tuple[str, ...]
    package: str
    replicas: Mapping[str, int]
    launcher: tuple[str, ...]
    pairs: Mapping[str, Mapping[str, str]]
    """Kiosk -> what is different in the environment of its a2f_bridge and faceswap; empty: one pair, for any kiosk."""


def plan(options: Options, environ: Mapping[str, str]) -> Plan:
    """Check what can be checked before anything is started.

    Raises:
        ConfigError: Settings, or a `--set`, cannot be used.
        BadInput: The port is taken.
    """
    settings = settings_of(options, environ)
    overrides, of_pairs = _overrides(options)
    if names := kiosk_names(options.mirrors, settings):
        overrides["session.kiosks"] = json.dumps(names)
    port = _port(options, settings)
    environment = {
        **dict.fromkeys(THREADS, "1"),
        **(live_links(1)[0] if options.port == 0 else {}),
        **environ,
        **as_variables(overrides),
        "PYTHONUNBUFFERED": "1",
        "MIRROR_CONFIG": str(options.config.resolve()),
        "MIRROR_SESSION__PORT": str(port),
        "MIRROR_KIOSK_TOKEN": environ.get("MIRROR_KIOSK_TOKEN") or secrets.token_urlsafe(16),
        "MIRROR_OPERATOR_TOKEN": environ.get("MIRROR_OPERATOR_TOKEN") or secrets.token_urlsafe(16),
    }
    return Plan(
        environment=environment,
        port=port,
        stages=options.stages,
        package=options.package,
        replicas=_replicas(options),
        launcher=options.launcher,
        pairs=pairs(names, of_pairs, is_private=options.port == 0),
    )


def _replicas(options: Options) -> Mapping[str, int]:
    for stage, count in options.replicas.items():
        if stage not in options.stages or count < 1 or (stage == "session" and count > 1):
            raise ConfigError(
                f"replicas {stage}={count}: a stage of {', '.join(options.stages)}, 1 or more; one session"
            )
    return options.replicas


def settings_of(options: Options, environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that these options ask for: the file, the environment, then what was `--set`.

    Raises:
        ConfigError: The file, or a `--set`, cannot be used.
    """
    settings = load_settings(options.config, environ)
    for where, value in _overrides(options)[0].items():
        override(settings, where.split("."), value)
    return settings


def _overrides(options: Options) -> tuple[dict[str, str], OfPairs]:
    """Dotted name -> value, of `--set`, `--script` and `--language`: for all services, and by kiosk for its pair alone."""
    found: dict[str, str] = {}
    of_pairs: OfPairs = {}
    for text in options.sets:
        where, value = _read_set(text)
        kiosk, _, name = where.rpartition(":")
        if kiosk:
            of_pairs.setdefault(kiosk, {})[name.lower()] = value
        else:
            found[name.lower()] = value
    if options.script:
        script = Path(options.script)
        if not script.is_file() and not (ROOT / script).is_file():
            raise BadInput(f"script: no file {script}; the plays lie in scripts/")
        found["session.script"] = str(script.resolve() if script.is_file() else ROOT / script)
    if options.language:
        found["session.language"] = options.language
    return found, of_pairs


def _read_set(text: str) -> tuple[str, str]:
    """What is set, as [kiosk:]section.key, and to what. Raises ConfigError."""
    where, equals, value = text.partition("=")
    name, dot, key = where.strip().rpartition(":")[2].partition(".")
    if not equals or not dot or not key:
        raise ConfigError(f"--set {text}: write section.key=value, for example asr.engine=scripted")
    if name not in SECTIONS:
        raise ConfigError(f"--set {text}: no section [{name}]; there are {', '.join(SECTIONS)}")
    return where.strip(), value.strip()


def _port(options: Options, settings: Mapping[str, Any]) -> int:
    configured = settings.get("session", {}).get("port", DEFAULT_PORT)
    port = int(configured if options.port is None else options.port)
    if not 0 <= port <= LAST_PORT:
        raise BadInput(f"port {port}: there is none; give 1 to {LAST_PORT} with --port, or --port 0 for a free one")
    with socket.socket() as probe:
        # A port in TIME_WAIT is free to a server that says so, as uvicorn does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadInput(
                f"port {port}: {os.strerror(error.errno or 0)}; give another with --port, or --port 0 for a free one"
            ) from error
        return int(probe.getsockname()[1])


def script_of(options: Options) -> Path:
    """The play that a mirror started with these options gives."""
    settings = settings_of(options, os.environ)
    return ROOT / str(settings.get("session", {}).get("script", DEFAULT_SCRIPT))


def options_from(
    config: Path | None, *, script: str, language: str, port: int | None, sets: list[str] | None
) -> Options:
    """Options as the command line gives them."""
    chosen = config or (Path(os.environ["MIRROR_CONFIG"]) if os.environ.get("MIRROR_CONFIG") else None)
    options = Options(script=script, language=language, port=port, sets=tuple(sets or ()))
    return msgspec.structs.replace(options, config=chosen) if chosen else options


def with_replicas(options: Options, texts: Sequence[str]) -> Options:
    """The options with `stage=number` taken in. Raises ConfigError for what is none."""
    counts: dict[str, int] = {}
    for text in texts:
        stage, _, number = text.partition("=")
        if not number.isdecimal():
            raise ConfigError(f"--replicas {text}: write stage=number, for example asr=2")
        counts[stage] = int(number)
    return msgspec.structs.replace(options, replicas=counts)
