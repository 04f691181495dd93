/* posix: what a file system answers, compared with another one. See main.c. */
#pragma once
#include <stddef.h>

/* Runs one case: commands separated by ';', in the current folder. What each answers goes to standard output. */
void run_commands(const char *commands);

/* What becomes of a case. */
typedef void (*case_user)(const char *name, const char *commands);

/* Calls it for every case. Names are unique and begin with what is tested. */
void all_cases(case_user use);
