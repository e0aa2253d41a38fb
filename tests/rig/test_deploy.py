"""`deploy/`: what Kubernetes is told fits Kubernetes' own schemas, and says the same as the compose files."""

import re
import shutil
import subprocess
from collections import Counter
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
KUSTOMIZATION = yaml.safe_load((ROOT / "deploy/kustomization.yaml").read_text())
FILES = tuple(KUSTOMIZATION["resources"])
NAMESPACE = KUSTOMIZATION["namespace"]


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
        if "extends" not in service  # a second mirror's pair is one more of the first's
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
        # Asked from KEDA's own namespace, where `session` alone is nobody.
        assert trigger["metadata"]["url"] == f"http://session.{NAMESPACE}:8080/load"


def test_a_policy_selects_pods_by_labels_that_they_carry() -> None:
    labels = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in named("Deployment").items()}
    for policy in named("NetworkPolicy").values():
        guarded = selected(policy["spec"]["podSelector"]["matchLabels"], labels)
        [rule] = policy["spec"]["ingress"]
        let_in = {name for source in rule["from"] for name in selected(source["podSelector"]["matchLabels"], labels)}
        assert guarded == {"redis"}
        assert let_in >= {"session", *(stage.replace("_", "-") for stage in STAGES)}


def selected(wanted: dict[str, str], labels: dict[str, dict[str, str]]) -> set[str]:
    return {name for name, carried in labels.items() if wanted.items() <= carried.items()}


def test_every_address_inside_the_cluster_is_a_service_whose_pods_listen_there() -> None:
    deployments = named("Deployment")
    for name, one in named("Service").items():
        pods = deployments[one["spec"]["selector"]["app"]]
        open_ports = {port["name"]: port["containerPort"] for port in container(pods)["ports"]}
        for port in one["spec"]["ports"]:
            assert open_ports[port["targetPort"] if "targetPort" in port else port["name"]] == port["port"], name
    asked = {variable["name"]: variable.get("value") for variable in container(deployments["a2f-bridge"])["env"]}
    assert asked["MIRROR_A2F_BRIDGE__LIVE_LINK"] == "faceswap:11111"


def test_settings_and_plays_are_config_maps_that_everybody_who_reads_them_mounts() -> None:
    made = {one["name"]: {Path(file).name for file in one["files"]} for one in KUSTOMIZATION["configMapGenerator"]}
    for one in KUSTOMIZATION["configMapGenerator"]:
        assert all((ROOT / "deploy" / file).is_file() for file in one["files"])
    for name in (*STAGES, "session"):
        deployment = named("Deployment")[name.replace("_", "-")]
        mounted = {one["mountPath"]: one["name"] for one in container(deployment)["volumeMounts"]}
        volumes = {one["name"]: one for one in deployment["spec"]["template"]["spec"]["volumes"]}
        values = {one["name"]: one.get("value", "") for one in container(deployment)["env"]}
        for variable in {"MIRROR_CONFIG", "MIRROR_SESSION__SCRIPT"} & values.keys():
            folder, _, file = values[variable].partition("/")
            assert file in made[volumes[mounted[f"/app/{folder}"]]["configMap"]["name"]]
    assert {path.name for path in (ROOT / "scripts").glob("*.yaml")} == made["mirror-scripts"]


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl: what kustomize makes of it is not tested")
def test_the_command_of_the_readme_builds_what_is_applied() -> None:
    readme = (ROOT / "deploy/README.md").read_text()
    [command] = re.findall(r"kubectl kustomize (.+?) \| kubectl apply -f -", readme)
    built = subprocess.run(
        ["kubectl", "kustomize", *command.split()], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    made = [one for one in yaml.safe_load_all(built) if one]
    assert {one["metadata"].get("namespace") for one in made} == {NAMESPACE}
    assert Counter(one["kind"] for one in made) == Counter(one["kind"] for one in objects()) + Counter(ConfigMap=2)
    for one in made:
        if one["kind"] not in CUSTOM:
            kubernetes_validate.validate(one, CLUSTER, strict=True)
    names = {one["metadata"]["name"] for one in made if one["kind"] == "ConfigMap"}
    mounted = set(re.findall(r"name: (mirror-(?:config|scripts)\S*)", built))
    assert mounted == names, "each is named with the hash of what is in it, so that a change restarts who reads it"


def test_the_readme_asks_for_every_secret_there_is() -> None:
    readme = (ROOT / "deploy/README.md").read_text()
    wanted = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for one in (*named("Deployment").values(), *named("Job").values())
        for variable in container(one)["env"]
        if "valueFrom" in variable
    }
    assert {name for name in wanted if name not in readme} == set()
