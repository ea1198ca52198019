"""Forms of the page of a module: its limits, its configuration as a file, a try, and adding one."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from iocs.models import Tlp
from modules.admin.objects import word_of
from modules.hooks import resolve
from modules.models import Module
from modules.services.limits import FLAGS, NUMBERS, OWN_QUEUE
from modules.services.writable import DEFAULT
from soar.core.history import MAXIMUM_ID

USUAL, ONLY_THESE = "usual", "only"
LARGEST_FILE = 5_000_000
TRIED = ("on_manual_trigger_", "on_postload_")
DEEDS = {"create": "as when it is created", "update": "as when it is changed"}
HELP = {
    "wall_seconds": "A run that takes longer is killed.",
    "memory_mb": "Of one run.",
    "concurrency": "Further runs wait.",
    "maximum_retries": "When a worker is lost during a run. Only for modules that may safely run twice.",
    "breaker_failures": "0: it is never stopped.",
    "cool_down_seconds": "Then one run tries whether it works again.",
    "may_run_synchronously": "It may change and delay requests: before they are saved, or before they are answered.",
    "is_preimported": "Runs start faster; each still has a process of its own.",
}


class LimitsForm(forms.Form):
    """The limits of one module, as services.limits takes them."""

    def __init__(self, module: Module, *args: Any, **options: Any) -> None:
        super().__init__(*args, prefix="limit", **options)
        for name, (smallest, largest) in NUMBERS.items():
            self.fields[name] = forms.IntegerField(
                min_value=smallest,
                max_value=largest,
                **_about(module, name),
                widget=UnfoldAdminIntegerFieldWidget(),
            )
        for name in FLAGS:
            self.fields[name] = forms.BooleanField(
                required=False, **_about(module, name), widget=UnfoldBooleanSwitchWidget()
            )
        own = f"{OWN_QUEUE}{module.package}"
        self.fields["queue"] = forms.ChoiceField(
            choices=[("", "the common one"), (own, f"its own, {own}")],
            required=False,
            initial=module.queue,
            help_text="Its own queue needs a worker of its own: see the operator's guide.",
            widget=UnfoldAdminSelectWidget(),
        )
        self.fields["maximum_tlp_id"] = forms.ModelChoiceField(
            Tlp.objects.all(),
            label="Highest TLP it may see",
            required=False,
            empty_label="any",
            initial=module.maximum_tlp_id,
            widget=UnfoldAdminSelectWidget(),
        )
        self._add_writable(module)

    def _add_writable(self, module: Module) -> None:
        is_usual = module.writable_fields is None
        self.fields["writes"] = forms.ChoiceField(
            label="Fields it may write",
            choices=[(USUAL, f"the usual ones: {', '.join(DEFAULT)}"), (ONLY_THESE, "only these:")],
            initial=USUAL if is_usual else ONLY_THESE,
            widget=UnfoldAdminSelectWidget(),
        )
        self.fields["writable_fields"] = forms.CharField(
            label="Only these fields",
            required=False,
            max_length=20_000,
            initial="\n".join(module.writable_fields or []),
            help_text="One name per line, * for any letters; none means that it may write nothing.",
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
        )

    def changes(self) -> dict[str, Any]:
        """Return the limits that were changed."""
        taken = {name: self.cleaned_data[name] for name in self.changed_data}
        if "maximum_tlp_id" in taken:
            tlp = taken["maximum_tlp_id"]
            taken["maximum_tlp_id"] = tlp.pk if tlp is not None else None
        if taken.pop("writes", None) or "writable_fields" in taken:
            names = self.cleaned_data["writable_fields"].split()
            is_usual = self.cleaned_data["writes"] == USUAL
            taken["writable_fields"] = None if is_usual else names
        return taken

    def refuse(self, problems: dict[str, Any]) -> None:
        """Show what the service refused at the fields it names."""
        for name, texts in problems.items():
            known = next((one for one in (name, f"{name}_id") if one in self.fields), None)
            for text in texts:
                self.add_error(known, text)


class ImportForm(forms.Form):
    """A configuration as it was exported, here or by IRIS."""

    file = forms.FileField(
        label="Exported configuration",
        help_text="A JSON file. Secrets that are not in it keep their values.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json,application/json"}),
    )

    def clean_file(self) -> list[Any]:
        """Return the parameters in the file, or raise ValidationError."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(f"The file is larger than {LARGEST_FILE} bytes.")
        try:
            loaded = json.loads(file.read())
            found = loaded.get("module_configuration") if isinstance(loaded, dict) else loaded
            found = json.loads(found) if isinstance(found, str) else found
        except (ValueError, RecursionError) as error:
            raise ValidationError("The file is not JSON.") from error
        if not isinstance(found, list):
            raise ValidationError("The file holds no module_configuration.")
        return found


class TryForm(forms.Form):
    """What to try a module on."""

    called = forms.ChoiceField(label="How it is called", widget=UnfoldAdminSelectWidget())
    object_id = forms.IntegerField(
        label="Number of the object",
        min_value=1,
        max_value=MAXIMUM_ID,
        help_text="As the API knows it; the page of an object tells it.",
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    case_id = forms.IntegerField(
        label="Number of its case",
        required=False,
        min_value=1,
        max_value=MAXIMUM_ID,
        help_text="Needed only for what is in several cases.",
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    def __init__(self, module: Module, *args: Any, **options: Any) -> None:
        super().__init__(*args, prefix="try", **options)
        rows = module.subscriptions.order_by("-is_manual", "hook_name", "ui_name")
        self.ways = {str(row.pk): row for row in rows if _can_be_tried(row.hook_name)}
        choices = [(key, _way(row)) for key, row in self.ways.items()]
        self.fields["called"].choices = choices

    @property
    def is_possible(self) -> bool:
        """Tell whether the module listens to anything that can be tried."""
        return bool(self.ways)

    def way(self) -> tuple[str, str]:
        """Return the kind of object, and the hook or the manual name."""
        row = self.ways[self.cleaned_data["called"]]
        hook = resolve(row.hook_name)
        return (hook.kind if hook else ""), row.ui_name or row.hook_name


class AddForm(forms.Form):
    """A package that is here and no module yet."""

    package = forms.ChoiceField(widget=UnfoldAdminSelectWidget())

    def __init__(self, packages: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["package"].choices = [(name, name) for name in packages]


def _about(module: Module, name: str) -> dict[str, Any]:
    label = str(Module._meta.get_field(name).verbose_name)
    label = f"{label[0].upper()}{label[1:]}"
    return {"label": label, "initial": getattr(module, name), "help_text": HELP.get(name, "")}


def _can_be_tried(name: str) -> bool:
    hook = resolve(name)
    if hook is None:
        return False
    return name in {f"{TRIED[0]}{hook.kind}", *(f"{TRIED[1]}{hook.kind}_{deed}" for deed in DEEDS)}


def _way(row: Any) -> str:
    hook = resolve(row.hook_name)
    kind = hook.kind if hook else ""
    if row.is_manual:
        return f"{word_of(kind)}: {row.ui_name}"
    return f"{word_of(kind)}: {DEEDS[row.hook_name.rpartition('_')[2]]}"
