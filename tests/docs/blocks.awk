# SPDX-License-Identifier: Apache-2.0
# Splits the console blocks of a page into OUT/LINE.command and OUT/LINE.expected.

/^```console/ {
    inside = 1
    next
}

/^```/ {
    inside = 0
    name = ""
    next
}

!inside {
    next
}

/^\$ / {
    name = sprintf("%s/%05d", out, FNR)
    print substr($0, 3) > (name ".command")
    printf "" > (name ".expected")
    going_on = /\\$/
    next
}

name == "" {
    next
}

going_on {
    print > (name ".command")
    going_on = /\\$/
    next
}

{
    print > (name ".expected")
}
