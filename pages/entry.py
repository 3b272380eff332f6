"""What Streamlit runs for every visit and change: the frame around the lesson that was asked for."""

from pages import COURSE
from pages.home import home
from ui import frame

frame.run(COURSE, home)
