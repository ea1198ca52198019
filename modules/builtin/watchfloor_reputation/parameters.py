"""What an operator sets for look-ups."""

from typing import Any


def _parameter(
    name: str,
    human_name: str,
    description: str,
    default: Any = "",
    *,
    kind: str = "string",
    section: str,
    is_mandatory: bool = False,
) -> dict[str, Any]:
    return {
        "param_name": f"reputation_{name}",
        "param_human_name": human_name,
        "param_description": description,
        "default": default,
        "mandatory": is_mandatory,
        "type": kind,
        "section": section,
    }


TYPES = "ip-any, ip-dst, ip-src, domain, hostname, url, md5, sha1, sha256"
JMESPATH = "JMESPath, for example data.attributes"
PARAMETERS: list[dict[str, Any]] = [
    _parameter(
        "url",
        "URL",
        "Where to ask: {value} and {type} become the IOC's, percent-encoded. "
        "https://service.example/api/{type}/{value}",
        None,
        section="Service",
        is_mandatory=True,
    ),
    _parameter(
        "service",
        "Name",
        "Title of the tab and beginning of the tags",
        "Reputation",
        section="Service",
    ),
    _parameter("header", "Header", "That carries the key", "Authorization", section="Service"),
    _parameter(
        "key",
        "Key",
        "As the header needs it, with Bearer if so",
        None,
        kind="sensitive_string",
        section="Service",
    ),
    _parameter(
        "types", "IOC types", "That are asked about, separated by commas", TYPES, section="Service"
    ),
    _parameter("timeout", "Seconds for a request", "1 to 60", 10, kind="float", section="Service"),
    _parameter(
        "allowed_addresses",
        "Allowed internal addresses",
        "Networks and host names that may be reached although they are not on the public internet",
        section="Service",
    ),
    _parameter(
        "ca_file",
        "File of authorities",
        "Path of a PEM file to trust beside the system's",
        section="Service",
    ),
    _parameter("verdict_path", "Verdict", JMESPATH + ".verdict", "verdict", section="Answer"),
    _parameter(
        "malicious_words", "Malicious words", "Verdicts that mean it", "malicious", section="Answer"
    ),
    _parameter(
        "suspicious_words",
        "Suspicious words",
        "Verdicts that mean it",
        "suspicious",
        section="Answer",
    ),
    _parameter("score_path", "Score", JMESPATH + ".score", "score", section="Answer"),
    _parameter(
        "malicious_from", "Malicious from", "This score on", None, kind="float", section="Answer"
    ),
    _parameter(
        "suspicious_from", "Suspicious from", "This score on", None, kind="float", section="Answer"
    ),
    _parameter(
        "tags_path", "Tags", JMESPATH + ".tags or results[*].name", "tags", section="Answer"
    ),
    _parameter("on_create", "Ask when an IOC is added", "", True, kind="bool", section="Triggers"),
    _parameter("on_manual", "Offer it for IOCs", "", True, kind="bool", section="Triggers"),
    _parameter("report", "Attach a report", "", True, kind="bool", section="Insights"),
]
