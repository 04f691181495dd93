/* load: many processes at work in one tree. See load.c. */
#pragma once
#include <stdint.h>

/* Of this process. */
extern uint64_t random_state;
extern long operation;

long below(long limit);

/* Says so, with errno, and ends the process with status 1. */
void wrong(const char *what, const char *path);

/* The folder that is this process's alone. */
void own_begin(const char *folder);
void own_step(void);
void own_check(void);

/* The one of all processes, in this folder. */
int common_begin(const char *folder);
void common_step(const char *folder);
long common_check(const char *folder);
