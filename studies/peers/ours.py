"""Classifies faces with a model of this project, in a process of its own."""

import sys

from protocol import serve

from emolib.recognizer import EmotionRecognizer

serve(EmotionRecognizer(sys.argv[1]).predict_proba)
