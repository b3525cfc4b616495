"""The issue editor: the page on which an issue is made, and what answers its forms.

`forms` reads what is typed, `acts` does what a button says, `page` answers and `drawing` shows, `tools` helps while
somebody writes, `history` shows and restores revisions, `pictures` takes uploads. What an edit is, is said in
`newsletter.models.editing`.
"""
