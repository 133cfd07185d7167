"""Texts of several kinds, written for these tests: what must stay and what must go."""

RECIPE = """\
Lemon drizzle cake

By Rosa Marchetti | 3 May 2021

Prep: 15 min | Bake: 45 min | Serves: 8

Ingredients
225 g soft butter
4 eggs
caster sugar
olive oil
a pinch of salt
zest of two lemons

Method
1. Heat the oven to 180 °C.
2. Beat the butter and the sugar until pale.
3. Log in your notes how brown the top is.
4. This pudding uses cookies for its base, so crush them first.

Print
Share
Pin it
Email

“The best cake I ever had.” Tom

Related recipes
You may also like: Orange polenta cake
Sign up for our weekly newsletter
© 2021 Marchetti Kitchen. All rights reserved.
Privacy Policy | Terms of Use | Contact
"""
RECIPE_FURNITURE = (
    "Print", "Share", "Email", "You may also like: Orange polenta cake",
    "Sign up for our weekly newsletter", "© 2021 Marchetti Kitchen. All rights reserved.",
    "Privacy Policy | Terms of Use | Contact",
)  # fmt: skip

MINUTES = """\
HARBOUR COMMITTEE

Minutes of the meeting of Tuesday, 12 March 2024

Present: A. Okafor (chair), B. Lindqvist, C. Ramos
Apologies: none

1. Budget
The treasurer reported a surplus of 1,200 pounds.
Approved unanimously.

2. Comments from members
Ms Ramos made comments that angered the fishermen.
Mr Lindqvist asked that comments must reach the clerk by Friday.
Approved unanimously.

3. Terms and conditions
The lease was read aloud. The insurer's copyright 2019 rule was discussed at length by all.
Approved unanimously.

4. Register
The visitors' register is kept at 14 Quay Street, Whitby YO21 3PU.
Approved unanimously.

Next meeting: 9 April 2024
Deadline for papers: 2 April 2024
"""

README = """\
---
title: "Tidepool"
date: 2023-07-09
author: Ines Duarte
---
[![Build](https://ci.example.org/b.svg)](https://ci.example.org) ![Coverage](https://x.example.org/c.svg)

# Tidepool

A small tide calculator.

- [Install](#install)
- [Usage](#usage)

## Install

Log in to the server, then run:

```sh
pip install tidepool

print
share
reply
---
```

## Search

Call `search()` to find a station. Call `unsubscribe()` to stop updates.

| Station | Height |
|---------|--------|
| Dover   | 6.7 m  |

## Comments

- Share
- [The almanac](https://almanac.example.org)
- Sign in with a token

> Register before you sail.

https://tides.example.org/docs

## Licence

MIT
"""

BLOG = """\
Skip to main content
Home
About
Contact
Search

How we moved the old lighthouse lamp

Posted on Friday, March 3, 2017
Written by Maud Ellery-Jones

5 min read

The lamp weighs two tonnes and had not been moved since 1911, when the keeper's family left for the mainland.

Share on Facebook

weather permitting

We hired a crane in May. It broke. “Never again,” said the driver, and he meant every single word of it.

The lamp on its cradle, seen from the north pier. (Maud Ellery-Jones/Island Post)

Advertisement - story continues below

Read more: Ten lamps you should see

In the end the lamp was floated across on a raft of barrels at high tide, with half the village pulling.

3 Comments

Tags: lamps, lighthouses

Leave a Reply

Your email address will not be published. Required fields are marked *

Name *
Email *
Website

We use cookies to improve this site. Accept all cookies
"""
BLOG_CONTENT = (
    "How we moved the old lighthouse lamp", "The lamp weighs two tonnes", "We hired a crane in May.",
    "The lamp on its cradle", "In the end the lamp was floated",
    "Written by Maud Ellery-Jones",
)  # fmt: skip
BLOG_FURNITURE = (
    "Skip to main content", "Home", "About", "Contact", "Search", "Share on Facebook",
    "weather permitting", "Advertisement - story continues below", "3 Comments",
    "Read more: Ten lamps you should see", "Tags: lamps, lighthouses", "Leave a Reply", "Name *",
    "Email *", "Website", "We use cookies to improve this site. Accept all cookies", "5 min read",
)  # fmt: skip
