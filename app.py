"""Descent Lab: see how training works. `streamlit run app.py` starts here."""

from ui import frame

frame.run()
