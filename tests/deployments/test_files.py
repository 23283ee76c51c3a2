"""The files of deployments/: they are what Prefect, Kubernetes and Docker take, and name nothing that is not there."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from prefect.utilities.templating import apply_values, find_placeholders

from tests.support.prefect import ROOT

FOLDER = ROOT / "deployments"
DEPLOYMENTS = sorted(FOLDER.rglob("prefect.yaml"))
TEMPLATES = sorted(FOLDER.rglob("job-template.json"))
MANIFESTS = sorted(set((FOLDER / "kubernetes").glob("*.yaml")) - set(DEPLOYMENTS))
KUBERNETES = "1.33"


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def deployments(path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The flows that are deployed, and as what."""
    for deployment in yaml.safe_load(path.read_text())["deployments"]:
        module, _, attribute = deployment["entrypoint"].rpartition(".")
        yield getattr(importlib.import_module(module), attribute), deployment


@pytest.mark.parametrize("path", DEPLOYMENTS, ids=name)
def test_deployments_name_flows_with_parameters_that_these_take(path: Path) -> None:
    for flow, deployment in deployments(path):
        assert deployment["description"]
        assert deployment["work_pool"]["name"].startswith("shinka-")
        given = deployment.get("parameters", {})
        if flow.name not in ("evaluate", "validate"):  # an evolution fills in the errand, an automation the run
            flow.validate_parameters(given)
        if flow.name == "evolve":
            limit = deployment["concurrency_limit"]
            assert limit["limit"] >= 1
            assert limit["collision_strategy"] in ("ENQUEUE", "CANCEL_NEW")


def test_no_two_deployments_have_the_same_name() -> None:
    names = [f"{flow.name}/{each['name']}" for path in DEPLOYMENTS for flow, each in deployments(path)]
    assert len(set(names)) == len(names)
    assert {"evolve/default", "evolve/circle-packing", "evolve/nightly", "evaluate/default"} <= set(names)
    readme = (FOLDER / "README.md").read_text()
    assert [each for each in names if f"`{each}`" not in readme] == [], "not in README.md"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_of_jobs_use_their_variables_and_no_others(path: Path) -> None:
    template = json.loads(path.read_text())
    Draft202012Validator.check_schema(template["variables"])
    used = {found.name for found in find_placeholders(template["job_configuration"])}
    known = set(template["variables"]["properties"])
    assert used == known
    assert all(each.get("description") for each in template["variables"]["properties"].values())


def test_the_job_of_a_flow_run_is_one_of_kubernetes() -> None:
    template = json.loads((FOLDER / "kubernetes" / "job-template.json").read_text())
    defaults = {
        variable: schema["default"]
        for variable, schema in template["variables"]["properties"].items()
        if schema.get("default") is not None
    }
    given = {"gpus": 1, "memory_limit": "8Gi", "node_selector": {"gpu": "yes"}, "labels": {"a": "b"}}
    # As a worker fills them in.
    worker = {"command": ["prefect", "flow-run", "execute"], "env": [{"name": "A", "value": "b"}], "name": "run"}
    for more in ({}, given):
        job = apply_values(template["job_configuration"]["job_manifest"], defaults | worker | more, remove_notset=True)
        assert_valid(job)
    limits = job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"memory": "8Gi", "nvidia.com/gpu": 1}


@pytest.mark.parametrize("path", MANIFESTS, ids=name)
def test_manifests_are_what_the_schemas_of_kubernetes_say(path: Path) -> None:
    documents = [each for each in yaml.safe_load_all(path.read_text()) if each]
    assert documents
    for document in documents:
        if document["kind"] == "Kustomization":
            listed = {FOLDER / "kubernetes" / resource for resource in document["resources"]}
            assert listed == set(MANIFESTS) - {path}
        else:
            assert_valid(document)


def assert_valid(document: dict[str, Any]) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="no schemas of Kubernetes (pip install '.[manifests]')"
    )
    validate.validate(json.loads(json.dumps(document)), KUBERNETES, strict=True)


def test_what_one_manifest_refers_to_another_has() -> None:
    documents = [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text()) if each]
    named = {(each["kind"], each["metadata"]["name"]) for each in documents if "metadata" in each}
    text = "".join(path.read_text() for path in MANIFESTS)
    template = json.loads((FOLDER / "kubernetes" / "job-template.json").read_text())["variables"]["properties"]
    assert ("PersistentVolumeClaim", template["results_claim"]["default"]) in named
    assert ("Namespace", template["namespace"]["default"]) in named
    pools = set(re.findall(r"shinka-kubernetes[\w-]*", (FOLDER / "kubernetes" / "prefect.yaml").read_text()))
    assert all(f"{pool}]" in text for pool in pools), "each pool has a worker"
    assert {("Service", "server"), ("Service", "postgres")} <= named
    readme = (FOLDER / "README.md").read_text()
    assert all(secret in readme for secret in ("shinka-database", template["keys_secret"]["default"]))


def test_the_image_is_made_as_a_linter_of_dockerfiles_wants_it() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    if not linter.exists():
        pytest.skip("no linter of Dockerfiles (pip install '.[manifests]')")
    path = FOLDER / "docker" / "Dockerfile"
    said = subprocess.run([linter, "--no-color", path], text=True, capture_output=True, timeout=180)
    assert (said.returncode, said.stdout) == (0, "")


def test_the_image_has_all_that_installing_reads_and_the_packages_import() -> None:
    copied = re.findall(r"^COPY (.+)$", (FOLDER / "docker" / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = {source for line in copied for source in line.split()[:-1]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages | {"pyproject.toml", "constraints.txt", project["project"]["readme"], "LICENSE"} <= sources
    assert all((ROOT / source).exists() for source in sources)


def test_compose_has_what_its_services_refer_to() -> None:
    compose = yaml.safe_load((FOLDER / "docker" / "compose.yaml").read_text())
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (FOLDER / "docker" / source).is_file()
    assert {"process"} == set(re.findall(r"--type (\w+)", str(services["deploy"]["command"])))
    pools = {deployment["work_pool"]["name"] for _, deployment in deployments(FOLDER / "prefect.yaml")}
    worked = {
        service["command"][service["command"].index("--pool") + 1]
        for service in services.values()
        if "--pool" in service.get("command", [])
    }
    assert worked == pools == set(re.findall(r"work-pool create (\S+)", str(services["deploy"]["command"])))


def test_the_image_is_made_of_what_is_there() -> None:
    lines = (FOLDER / "docker" / "Dockerfile").read_text().splitlines()
    copied = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_variables_of_prefect_are_settings_that_it_has() -> None:
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(Settings))
    text = "".join(path.read_text() for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc")
    named = set(re.findall(r"\bPREFECT_[A-Z_]+[A-Z]\b", text))
    apart = {
        "PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR"
    }  # of a flow run's process, and of Prefect's package for Kubernetes
    assert {each for each in named - apart if not each.startswith("PREFECT_INTEGRATIONS_")} <= known
    assert "SHINKA_POOL" not in text
