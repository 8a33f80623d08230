"""eNTERFACE'05, from the archive of raw videos to a data set (Martin et al. 2006).

`archive` reads the zip, `clips` finds the videos in it, `video` samples their frames,
`prepare` finds and aligns the faces and stores them; `standin` makes an archive with
the same irregularities, because the real one may not be passed on. Chapter 12.
"""

from emolib.datasets.enterface05.clips import find_clips, load

__all__ = ["find_clips", "load"]
