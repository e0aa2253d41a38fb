"""`deploy/`: what Kubernetes is told fits Kubernetes' own schemas, and says the same as the compose files."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
SERVICES = (*STAGES, "session", "redis")
CLUSTER = "1.30"
CUSTOM = {"ScaledObject"}
"""KEDA's own; its schema is in no package. What it names is tested below."""
FILES = tuple(yaml.safe_load((ROOT / "deploy/kustomization.yaml").read_text())["resources"])


@cache
def objects() -> tuple[dict[str, Any], ...]:
    return tuple(one for file in FILES for one in yaml.safe_load_all((ROOT / "deploy" / file).read_text()))


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] == kind}


def container(one: dict[str, Any]) -> dict[str, Any]:
    [box] = one["spec"]["template"]["spec"]["containers"]
    return dict(box)


def variables(one: dict[str, Any]) -> set[str]:
    return {variable["name"] for variable in container(one)["env"]}


def composed() -> dict[str, Any]:
    """The two compose files laid over each other, as far as names, images and variables go."""
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor("!reset", lambda _loader, _node: None)  # type: ignore[attr-defined] # made above
    rig, cpu = (
        yaml.load((ROOT / file).read_text(), Loader=loader)["services"]
        for file in ("docker-compose.yml", "docker-compose.cpu.yml")
    )
    return {
        name: {
            "image": cpu.get(name, {}).get("image", service["image"]),
            "environment": {**service.get("environment", {}), **cpu.get(name, {}).get("environment", {})},
        }
        for name, service in rig.items()
    }


def test_every_file_is_applied() -> None:
    assert sorted(FILES) == sorted(
        path.name for path in (ROOT / "deploy").glob("*.yaml") if path.name != "kustomization.yaml"
    )


@pytest.mark.parametrize(
    "one",
    [one for one in objects() if one["kind"] not in CUSTOM],
    ids=lambda one: f"{one['kind']}-{one['metadata']['name']}",
)
def test_every_object_fits_kubernetes_own_schema(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, CLUSTER, strict=True)


def test_the_schemas_do_refuse_what_is_wrong() -> None:
    wrong = {**named("Deployment")["asr"], "specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, CLUSTER, strict=True)


@pytest.mark.parametrize("service", SERVICES)
def test_compose_and_deploy_run_the_same_image_with_the_same_variables(service: str) -> None:
    wanted, found = composed()[service], named("Deployment")[service.replace("_", "-")]
    only_there = {"MIRROR_A2F_BRIDGE__OPTIONS__AUDIO2FACE__ADDRESS", "MIRROR_A2F_BRIDGE__OPTIONS__OMNIVERSE__ADDRESS"}
    only_there |= {"MIRROR_LLM__OPTIONS__OPENAI_COMPATIBLE__BASE_URL"}  # programs of the rig's own host
    only_there |= {name for name in wanted["environment"] if "RTMP" in name}
    assert container(found)["image"] == wanted["image"]
    assert variables(found) == set(wanted["environment"]) - only_there


def test_nobody_may_do_more_than_in_compose() -> None:
    for one in (*named("Deployment").values(), *named("Job").values()):
        pod, box = one["spec"]["template"]["spec"], container(one)
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert box["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert box["resources"]["limits"]["memory"]


def test_secrets_come_from_the_secret_and_go_to_those_who_need_them() -> None:
    for one in (*named("Deployment").values(), *named("Job").values()):
        for variable in container(one)["env"]:
            if re.search("KEY|TOKEN|PASSWORD|REDIS_URL", variable["name"]):
                assert variable["valueFrom"]["secretKeyRef"]["name"] == "mirror"
    owners = {name for name, one in named("Deployment").items() if "MIRROR_KIOSK_TOKEN" in variables(one)}
    assert owners == {"session"}


def test_what_is_scaled_is_there_and_is_no_face() -> None:
    for name, one in named("ScaledObject").items():
        [trigger] = one["spec"]["triggers"]
        assert one["spec"]["scaleTargetRef"]["name"] == name
        assert name in named("Deployment")
        assert name not in {"a2f-bridge", "faceswap"}, "a virtual human is one mirror's"
        assert trigger["metadata"]["valueLocation"] == f"stages.{name}.wanted"
        assert trigger["metadata"]["url"] == "http://session:8080/load"
