"""What an operator sets for webhooks."""

from typing import Any

EXAMPLE = (
    'A JSON list. Each webhook has "name", "url", "secret" (at least 16 characters, signs the '
    'deliveries) and "hooks" (names; * stands for any letters), and may have "headers", "template" '
    'and "active": [{"name": "siem", "url": "https://siem.example/hook", "secret": "...", '
    '"hooks": ["on_postload_ioc_create"]}]'
)
PARAMETERS: list[dict[str, Any]] = [
    {
        "param_name": "webhooks_list",
        "param_human_name": "Webhooks",
        "param_description": EXAMPLE,
        "default": "[]",
        "mandatory": True,
        "type": "textfield_json",
    },
    {
        "param_name": "webhooks_allowed_addresses",
        "param_human_name": "Allowed internal addresses",
        "param_description": "Networks and host names that may be reached although they are not on "
        "the public internet, separated by commas: 10.1.0.0/16, siem.corp.example",
        "default": "",
        "mandatory": False,
        "type": "string",
        "section": "Network",
    },
    {
        "param_name": "webhooks_ca_file",
        "param_human_name": "File of authorities",
        "param_description": "Path of a PEM file with certificate authorities to trust beside "
        "those of the system",
        "default": "",
        "mandatory": False,
        "type": "string",
        "section": "Network",
    },
    {
        "param_name": "webhooks_timeout",
        "param_human_name": "Seconds for an attempt",
        "param_description": "1 to 60",
        "default": 10,
        "mandatory": False,
        "type": "float",
        "section": "Attempts",
    },
    {
        "param_name": "webhooks_attempts",
        "param_human_name": "Attempts for a delivery",
        "param_description": "1 to 10. No answer and the answers 408, 425, 429 and 5xx are tried again",
        "default": 4,
        "mandatory": False,
        "type": "int",
        "section": "Attempts",
    },
    {
        "param_name": "webhooks_pause",
        "param_human_name": "Seconds before the second attempt",
        "param_description": "Doubled before each that follows; a receiver may ask for more by Retry-After",
        "default": 1,
        "mandatory": False,
        "type": "float",
        "section": "Attempts",
    },
    {
        "param_name": "webhooks_budget",
        "param_human_name": "Seconds for all attempts of a delivery",
        "param_description": "No attempt starts later than this; at most 240, and the module's own "
        "time limit ends everything",
        "default": 60,
        "mandatory": False,
        "type": "float",
        "section": "Attempts",
    },
]
