"""Layers as people have them, objects of any framework, compared by what they compute.

``adapting`` makes a function from arrays to arrays of an object. ``probing`` reads its operator off, by impulses.
``geometry`` solves the operator for stride, dilation and padding. ``comparison`` says in words what differs of two.
"""
