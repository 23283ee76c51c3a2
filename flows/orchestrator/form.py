"""What the form of the Prefect UI sends: every field of a section, also those that nobody has touched.

A field that is left as the form shows it says nothing, so that the settings file of a task folder, or what is kept
of a run that is continued, is heard. A section that is given in part, as a command does, says all that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from prefect.client.orchestration import get_client
from pydantic import BaseModel

from flows.orchestrator.identity import current_flow_run
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY

logger = logging.getLogger("shinka.form")

Section = TypeVar("Section", bound=BaseModel)


async def parameters_of_deployment() -> Mapping[str, Any]:
    """What the deployment of the current flow run has for parameters; the form shows these, and defaults otherwise."""
    flow_run = current_flow_run()
    if flow_run is None or flow_run.deployment_id is None:
        return {}
    try:
        async with get_client() as client:
            return (await client.read_deployment(flow_run.deployment_id)).parameters
    except ORCHESTRATOR_AWAY as error:
        logger.warning(
            "the deployment of this flow run could not be read, so its parameters say what they are: %s", error
        )
        return flow_run.parameters


def from_deployment() -> bool:
    """Whether the current flow run was started by a deployment."""
    flow_run = current_flow_run()
    return flow_run is not None and flow_run.deployment_id is not None


def is_whole(section: BaseModel) -> bool:
    """Whether every field of it is given."""
    return section.model_fields_set >= type(section).model_fields.keys()


def touched(section: Section, shown: Any) -> Section:
    """The section with those fields alone counted as given that were changed in the form.

    Args:
        shown: What the deployment says of the section; what it does not say is shown with its default.
    """
    if not is_whole(section):
        return section
    stored: Mapping[str, Any] = cast(Mapping[str, Any], shown) if isinstance(shown, Mapping) else {}
    values: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if name in stored or field.is_required() or _plain(value) != _plain(default):
            values[name] = touched(value, stored.get(name)) if isinstance(value, BaseModel) else value
    copy = section.model_copy(update=values)
    copy.__pydantic_fields_set__.clear()
    copy.__pydantic_fields_set__.update(values)
    return copy


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
