"""Proposes new objects in the way modules of the notes family do."""

from datetime import datetime

import iris_interface.IrisInterfaceStatus as InterfaceStatus
from app import db
from app.datamgmt.case.case_notes_db import add_note
from app.models import Ioc, IocType, NoteDirectory
from iris_interface.IrisModuleInterface import IrisModuleInterface, IrisModuleTypes
from sqlalchemy import and_

DIRECTORY = "Sample findings"


class SampleNotes(IrisModuleInterface):
    """Writes a note about an IOC into a directory it makes when there is none."""

    _module_name = "Sample notes"
    _module_description = "Proposes notes, directories, indicators and evidence"
    _interface_version = "1.2.0"
    _module_version = 1.0
    _module_type = IrisModuleTypes.module_processor
    _pipeline_support = False
    _pipeline_info = {}
    _module_configuration = []

    def register_hooks(self, module_id):
        """Listen to a manual name for notes, and to one for everything else."""
        for name in ("Write a note", "Propose the rest"):
            self.register_to_hook(
                module_id, iris_hook_name="on_manual_trigger_ioc", manual_hook_name=name
            )

    def hooks_handler(self, hook_name, hook_ui_name, data):
        """Propose what the name says."""
        for ioc in data:
            if hook_ui_name == "Propose the rest":
                self._propose(ioc)
            else:
                self._write(ioc)
        return InterfaceStatus.I2Success(data={"notes": len(data)}, logs=list(self.message_queue))

    def _write(self, ioc):
        case_id = self.case_id
        directory = NoteDirectory.query.filter(
            and_(NoteDirectory.name == DIRECTORY, NoteDirectory.case_id == case_id)
        ).first()
        if directory is None:
            directory = NoteDirectory()
            directory.name = DIRECTORY
            directory.parent_id = None
            directory.case_id = case_id
            db.session.add(directory)
            db.session.commit()
        add_note(
            note_title=f"About {ioc.ioc_value}",
            creation_date=datetime.now(),
            user_id=1,
            caseid=case_id,
            directory_id=directory.id,
            note_content=f"{ioc.ioc_type.type_name} {ioc.ioc_value}",
        )

    def _propose(self, ioc):
        kind = IocType.query.filter(IocType.type_name == "domain").first()
        db.session.add(
            Ioc(ioc_value="related.example.org", ioc_type_id=kind.type_id, ioc_tags="related")
        )
        db.session.flush()
        if not self._evidence_storage.is_evidence_registered(
            case_id=self.case_id, sha256="ab" * 32
        ):
            self._evidence_storage.add_evidence(
                case_id=self.case_id,
                filename="report.json",
                description=f"Report on {ioc.ioc_value}",
                size=12,
                sha256="ab" * 32,
                date_added=None,
                user_id=1,
            )
