"""``{% use_list uses base %}``: what a version uses of one kind."""

from django import template

from registry.drawing import function as drawn_function

register = template.Library()
register.simple_tag(drawn_function.use_list)
