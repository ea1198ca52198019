"""What an operator sets for refanging."""

from typing import Any

PARAMETERS: list[dict[str, Any]] = [
    {
        "param_name": "refang_automatic",
        "param_human_name": "Read texts when they are saved",
        "param_description": "Otherwise only when somebody asks for it",
        "default": True,
        "mandatory": False,
        "type": "bool",
        "section": "Triggers",
    },
    {
        "param_name": "refang_plain",
        "param_human_name": "Propose domains that are not defanged",
        "param_description": "Turn off where analysts defang what is bad and write other domains plainly",
        "default": True,
        "mandatory": False,
        "type": "bool",
    },
    {
        "param_name": "refang_internal",
        "param_human_name": "Propose internal addresses",
        "param_description": "Addresses of private, loopback and other networks that are not public",
        "default": False,
        "mandatory": False,
        "type": "bool",
    },
    {
        "param_name": "refang_ignored",
        "param_human_name": "Ignored domains",
        "param_description": "Separated by commas; what is below them, their URLs and e-mail "
        "addresses are ignored too",
        "default": "asp.net, example.com, example.net, example.org",
        "mandatory": False,
        "type": "string",
    },
    {
        "param_name": "refang_ip_type",
        "param_human_name": "IOC type of addresses",
        "param_description": "ip-dst, ip-src or ip-any",
        "default": "ip-dst",
        "mandatory": False,
        "type": "string",
    },
    {
        "param_name": "refang_maximum",
        "param_human_name": "Most proposals of a run",
        "param_description": "1 to 1000",
        "default": 100,
        "mandatory": False,
        "type": "int",
    },
]
