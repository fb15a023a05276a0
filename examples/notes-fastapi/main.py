"""Notes: a small service behind Faregate, written as one writes any FastAPI service.

Who calls stands in the header `Faregate-Account`: the gateway has checked the signature, and what clients send there never arrives.
"""

from itertools import count
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, Field

app = FastAPI(title="Notes", version="1.0.0", description="Short texts, each its account's own.")


class Note(BaseModel):
    noteId: str
    text: str
    pinned: bool = False


class Notes(BaseModel):
    totalCount: int
    noteSet: list[Note]


# By account: a service that runs for more than an example keeps them in a database.
notes: dict[str, dict[str, Note]] = {}
numbers = count(1)


def of(request: Request) -> dict[str, Note]:
    return notes.setdefault(request.headers.get("faregate-account", ""), {})


@app.post("/notes", operation_id="CreateNote", summary="Write a note.")
def create_note(
    request: Request,
    text: Annotated[str, Body(min_length=1, max_length=1000, description="What it says.")],
    pinned: Annotated[bool, Body(description="Whether it stands first.")] = False,
) -> Note:
    note = Note(noteId=f"note-{next(numbers)}", text=text, pinned=pinned)
    of(request)[note.noteId] = note
    return note


@app.get("/notes", operation_id="DescribeNotes", summary="The account's notes, pinned ones first.")
def describe_notes(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
) -> Notes:
    own = sorted(of(request).values(), key=lambda note: not note.pinned)
    return Notes(totalCount=len(own), noteSet=own[:limit])


@app.delete("/notes/{noteId}", operation_id="DeleteNote", summary="Throw a note away.", status_code=204)
def delete_note(request: Request, noteId: str) -> None:
    if of(request).pop(noteId, None) is None:
        raise HTTPException(status_code=404, detail="there is no such note")
