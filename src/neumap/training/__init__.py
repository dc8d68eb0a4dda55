"""Training of decoders and codes.

In: Scene, decoder.  Out: trained codes and decoder, TrainingReport.
"""
