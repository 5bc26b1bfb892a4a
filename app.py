"""The server's entry: serves the frame. `streamlit run app.py` works on its own.

The frame is a script of its own in a folder without a neighbour named pages: beside such a folder Streamlit looks for
its old kind of pages first, and the first visitor of a fresh process who comes by a deep link is told that the page
does not exist.
"""

import streamlit as st
from starlette.middleware import Middleware

from pages.frame.first_visit import lifespan
from pages.frame.headers import Headers
from pages.frame.ready import Doorkeeper, Doors

doors = Doors()
app = st.App("pages/frame/frame.py", middleware=[Middleware(Headers), Middleware(Doorkeeper, doors)], lifespan=lifespan(doors))
