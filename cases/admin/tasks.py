"""Tasks of cases and of the team in the console."""

from typing import Any

from django import forms
from django.contrib import admin

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.models import GlobalTask, Task
from cases.selectors import visible_activities, visible_global_tasks, visible_tasks
from cases.services.global_tasks import add_global_task, delete_global_task, update_global_task
from cases.services.tasks import add_task, delete_task, update_task
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.admin.forms import ChoicesByTyping, LabelledChoices
from soar.core.models import User
from soar.core.permissions import Permission


class TaskForm(forms.ModelForm):
    """A task with the people it is given to."""

    assignee_ids = LabelledChoices(
        User.objects.all(),
        label="Assignees",
        required=False,
        widget=ChoicesByTyping(Task._meta.get_field("assignees"), admin.site),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            assigned = self.instance.assignments.values_list("user_id", flat=True)
            self.initial["assignee_ids"] = list(assigned)


@admin.register(Task)
class TaskAdmin(CaseRecordAdmin):
    """What is to be done in cases."""

    services = Services(visible_tasks, add_task, update_task, delete_task, visible_activities)
    form = TaskForm
    list_display = ("title", "case", "status", "opened_at", "updated_at")
    list_select_related = ("case", "status")
    list_filter = (BY_CASE, "status", ("assignees", VisibleChoiceFilter))
    search_fields = ("title", "description", "tags")
    readonly_fields = ("opened_by", "opened_at", "updated_by", "updated_at")
    details = ("case", "title", "status", "assignee_ids", "description", "tags")
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": details}),
        ("Progress", {"fields": (("opened_by", "opened_at"), ("updated_by", "updated_at"))}),
        ATTRIBUTES,
    )

    @admin.display(description="Assignees")
    def assignee_ids(self, task: Task) -> str:
        """Return who has the task, for those who may only read."""
        return ", ".join(str(user) for user in task.assignees.all())


@admin.register(GlobalTask)
class GlobalTaskAdmin(ServiceAdmin):
    """What the team has to do outside cases."""

    services = Services(
        visible_global_tasks, add_global_task, update_global_task, delete_global_task
    )
    writers = (Permission.STANDARD_USER, Permission.SERVER_ADMINISTRATOR)
    list_display = ("title", "status", "assignee", "opened_at", "updated_at")
    list_select_related = ("status", "assignee")
    list_filter = ("status", ("assignee", VisibleChoiceFilter))
    search_fields = ("title", "description", "tags")
    autocomplete_fields = ("assignee",)
    readonly_fields = ("opened_by", "opened_at", "updated_by", "updated_at")
    details = ("title", "status", "assignee", "description", "tags")
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": details}),
        ("Progress", {"fields": (("opened_by", "opened_at"), ("updated_by", "updated_at"))}),
    )
