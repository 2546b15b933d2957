"""Read the editor's form into the contents of a draft.

The form is the same with and without scripts. Only faults of the form itself are found
here; the registry checks the rest.
"""

from dataclasses import dataclass, field

from admin_portal.forms import Files, ManifestForm, manifest_text, shown_value
from registry import errors, strict_json
from registry.errors import RegistryError
from registry.paths import MAX_FILE_BYTES

MANIFEST_PATH, README_PATH = "aerostack.json", "README.md"


@dataclass
class DraftEdit:
    """A draft's contents, as stored or as posted, with the form to show them."""

    manifest: dict
    manifest_text: str
    manifest_was: str  # as first shown on the page
    files: dict[str, str]
    readme: str
    revision: int
    fields: ManifestForm
    rows: Files
    faults: list[RegistryError] = field(default_factory=list)

    def contents(self, draft) -> "Contents":
        return Contents(self.manifest, self.files, self.readme).like(draft)


@dataclass
class Contents:
    """The contents of a draft."""

    manifest: dict
    files: dict[str, str]
    readme: str

    @classmethod
    def of(cls, draft) -> "Contents":
        return cls(draft.manifest, draft.files, draft.readme)

    def like(self, draft) -> "Contents":
        """These contents, with the copies of manifest and README among the files
        updated. Clients push such copies; only those that ``draft`` has are kept."""
        copies = {}
        for path in draft.files:
            if path == MANIFEST_PATH:
                copies[path] = manifest_text(self.manifest)
            elif is_readme(path):
                copies[path] = self.readme
        return Contents(self.manifest, self.files | copies, self.readme)

    def as_body(self) -> dict:
        """A push body, for ``save_draft``."""
        return {
            "config_schema": self.manifest,
            "files": self.files,
            "readme": self.readme,
        }


def is_readme(path: str) -> bool:
    return path.lower() == README_PATH.lower()


def source_files(files: dict[str, str]) -> dict[str, str]:
    """``files`` without manifest and README, sorted by path."""
    return {
        path: text
        for path, text in sorted(files.items())
        if path != MANIFEST_PATH and not is_readme(path)
    }


def show_draft(draft, *, categories) -> DraftEdit:
    """The form's contents for ``draft`` as it is stored."""
    files = source_files(draft.files)
    rows = [{"was": path, "path": path, "text": text} for path, text in files.items()]
    text = manifest_text(draft.manifest)
    return DraftEdit(
        manifest=draft.manifest,
        manifest_text=text,
        manifest_was=text,
        files=files,
        readme=draft.readme,
        revision=draft.revision,
        fields=ManifestForm(initial=draft.manifest, categories=categories),
        rows=Files(prefix="files", initial=rows),
    )


def read_edit(post, uploads, *, draft, categories) -> DraftEdit:
    """What was posted for ``draft``, with the faults of the form."""
    faults: list[RegistryError] = []
    fields = ManifestForm(post, initial=draft.manifest, categories=categories)
    was = _object(post.get("manifest_was", ""), faults)
    raw = _object(post.get("manifest", ""), faults)
    rows = Files(post, prefix="files")
    files = _files(rows, draft, faults)
    readme = like_stored(draft.readme, post.get("readme", ""))
    edit = DraftEdit(
        manifest=_merge(was, raw, fields, faults),
        manifest_text=post.get("manifest", "").replace("\r\n", "\n"),
        manifest_was=post.get("manifest_was", "").replace("\r\n", "\n"),
        files=files,
        readme=readme,
        revision=_number(post.get("revision", ""), faults),
        fields=fields,
        rows=rows,
        faults=faults,
    )
    for upload in uploads:
        _add_upload(upload, edit)
    return edit


def like_stored(stored: str, posted: str) -> str:
    """``posted`` with the line ends of ``stored``.

    Browsers send every line end as CR LF (HTML 4.10.21.4, "form submission"). So the
    stored text decides, and a text that was not edited stays the same byte for byte.
    """
    text = posted.replace("\r\n", "\n").replace("\r", "\n")
    if text == stored.replace("\r\n", "\n").replace("\r", "\n"):
        return stored
    is_dos = "\r\n" in stored and stored.count("\r\n") == stored.count("\n")
    return text.replace("\n", "\r\n") if is_dos else text


def parse_object(text: str) -> dict:
    """The JSON object in ``text``.

    Raises InvalidJson: not JSON as registry/strict_json.py takes it, or not an object.
    """
    try:
        value = strict_json.parse(text, what="It")
    except errors.InvalidJson as error:
        message = f"aerostack.json can't be read. {error.message}"
        raise errors.InvalidJson(message, field=MANIFEST_PATH) from None
    if not isinstance(value, dict):
        message = "aerostack.json is not one JSON object."
        raise errors.InvalidJson(message, field=MANIFEST_PATH)
    return value


def _object(text: str, faults: list[RegistryError]) -> dict:
    try:
        return parse_object(text)
    except RegistryError as error:
        faults.append(error)
        return {}


def _number(text: str, faults: list[RegistryError]) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    faults.append(
        errors.ValidationError("The form lost its revision: reload the page.")
    )
    return 0


def _merge(was: dict, raw: dict, fields: ManifestForm, faults: list) -> dict:
    """``raw`` with the values of the fields that the author changed.

    The fields and aerostack.json show the same data. The edited one of the two counts;
    a key that was changed to different values in both is a fault.
    """
    manifest = dict(raw)
    for key, value in fields.values().items():
        if value == shown_value(key, was.get(key)):
            continue
        if value == shown_value(key, raw.get(key)):
            continue
        if raw.get(key) != was.get(key):
            message = f"{key} was changed here and in aerostack.json: make them agree."
            faults.append(errors.ValidationError(message, field=key))
        manifest[key] = value
    return manifest


def _files(rows: Files, draft, faults: list[RegistryError]) -> dict[str, str]:
    files: dict[str, str] = {}
    for row in rows.posted():
        if row["DELETE"] or not any((row["was"], row["path"], row["text"].strip())):
            continue
        path = row["path"]
        if not path:
            message = "A file has no path: name it, or mark it for deletion."
            faults.append(errors.InvalidPath(message, field="files"))
        elif path in files:
            message = f"Two files are named {errors.shown(path)}: rename one."
            faults.append(errors.InvalidPath(message, field="files"))
        else:
            files[path] = like_stored(draft.files.get(row["was"], ""), row["text"])
    return files


def _add_upload(upload, edit: DraftEdit) -> None:
    """Add an uploaded file to ``edit``, replacing one of the same name."""
    at = f"files[{errors.shown(upload.name)[1:-1]}]"
    if upload.size > MAX_FILE_BYTES:
        message = f"{errors.shown(upload.name)} has more than {MAX_FILE_BYTES} bytes."
        edit.faults.append(errors.PayloadTooLarge(message, field=at))
        return
    try:
        text = upload.read().decode()
    except UnicodeDecodeError:
        message = f"{errors.shown(upload.name)} is not UTF-8 text."
        edit.faults.append(errors.NotUtf8(message, field=at))
        return
    if upload.name == MANIFEST_PATH:
        edit.manifest = _object(text, edit.faults)
    elif is_readme(upload.name):
        edit.readme = text
    else:
        edit.files[upload.name] = text
