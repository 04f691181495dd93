/* The cases: tables, and what is made of them. P stands for the path. */
#include "posix.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ROOM 4096

static case_user use;

static void emit(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void emit(const char *name, const char *format, ...) {
    char commands[ROOM];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(commands, sizeof commands, format, arguments);
    va_end(arguments);
    use(name, commands);
}

/* A command with a path in place of P. */
static const char *at(const char *command, const char *path) {
    static char filled[4][ROOM];
    static int next;
    char *into = filled[next++ % 4];
    const char *place = strchr(command, 'P');
    snprintf(into, ROOM, "%.*s%s%s", (int)(place - command), command, path, place + 1);
    return into;
}

static const char *const on_path[] = {
    "chmod P 600",       "chown P 12 34",     "lchown P 12 34",       "mkdir P 755",         "mkfifo P 644",
    "mknod P c 644",     "create P 644",      "open P r",             "open P w",            "open P rw,trunc",
    "open P r,dir",      "open P w,creat 644", "open P w,creat,excl 644", "open P r,nofollow", "open P w,append",
    "open P path,nofollow", "rmdir P",        "unlink P",             "truncate P 100",      "utime P 1 2",
    "lutime P 1 2",      "symlink x P",       "link P n",             "link o P",            "rename P n",
    "rename o P",        "rename P d/n",      "rename d P",           "readlink P",          "access P 4",
    "write P 10",        "content P",         "list P",               "tmpfile P 600",       "rename2 o P 1",
    "rename2 P o 2"};

static const struct {
    const char *name, *commands;
} kinds[] = {{"file", "create f 644"},
             {"folder", "mkdir f 755"},
             {"full-folder", "mkdir f 755;create f/x 644"},
             {"pipe", "mkfifo f 644"},
             {"device", "mknod f c 644"},
             {"socket", "socket f 644"},
             {"link-to-file", "create t 644;symlink t f"},
             {"link-to-folder", "mkdir t 755;symlink t f"},
             {"link-to-nothing", "symlink t f"},
             {"loop", "symlink g f;symlink f g"},
             {"second-name", "create t 644;link t f"},
             {"nothing", "umask 0"}};

static void by_kind(void) {
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t o = 0; o < COUNT(on_path); o++) {
            char name[200];
            snprintf(name, sizeof name, "kind/%s/%s", kinds[k].name, at(on_path[o], "f"));
            emit(name, "%s;create o 640;mkdir d 755;%s;stat f;stat t;stat n;stat o;list .;list d", kinds[k].commands,
                 at(on_path[o], "f"));
        }
}

static const char *const odd[] = {"none/x", "file/x",   "loop/x", "%255",  "%256",   "d/%255", "d/%256", "%256/x", "-",
                                  "d/",     "file/",    "none/",  ".",     "..",     "d/.",    "d/..",   "to-d/",
                                  "to-d/x", "to-file/x", "to-none/", "@4000", "@4095", "@4096",  "@4097",  "//f", "./f"};

static void by_path(void) {
    for (size_t p = 0; p < COUNT(odd); p++)
        for (size_t o = 0; o < COUNT(on_path); o++) {
            char name[200];
            if (odd[p][0] == '/' && odd[p][1] == '/')
                continue; /* would leave the folder */
            snprintf(name, sizeof name, "path/%s/%s", odd[p], at(on_path[o], "P"));
            emit(name,
                 "create file 644;create f 644;create o 600;mkdir d 755;symlink loop loop;symlink d to-d;symlink file "
                 "to-file;symlink none to-none;%s;list .;list d;stat file;stat f;stat d",
                 at(on_path[o], odd[p]));
        }
}

static const char *const users[] = {"as 1000 1000", "as 1001 1000", "as 1001 1001", "as 1001 1001 1000 55", "as 1000 77",
                                    "as 0 0"};
static const char *const folder_modes[] = {"777", "755", "750", "711", "744", "700", "1777", "2775", "555", "333"};
static const char *const in_folder[] = {
    "create p/n 644",     "mkdir p/n 755",     "mkfifo p/n 644",     "symlink x p/n",      "link p/f p/n",
    "unlink p/f",         "rmdir p/d",         "rename p/f p/n",     "rename p/f q/n",     "rename q/f p/n",
    "rename p/d q/n",     "rename p/f p/g",    "chmod p/f 4711",     "chmod p/f 2755",     "chown p/f 1001 -1",
    "chown p/f -1 1001",  "chown p/f -1 1000", "chown p/f -1 55",    "truncate p/f 5",     "open p/f r",
    "open p/f w",         "open p/n w,creat 644", "utime p/f now now", "utime p/f 1 2",    "utime p/f omit now",
    "access p/f 2",       "list p",            "chmod p 2770",       "write p/f 3",        "mknod p/n c 644"};

static void by_user(void) {
    for (size_t u = 0; u < COUNT(users); u++)
        for (size_t m = 0; m < COUNT(folder_modes); m++)
            for (size_t o = 0; o < COUNT(in_folder); o++) {
                char name[200];
                if ((u + m + o) % 2 && u > 3) /* those say less */
                    continue;
                snprintf(name, sizeof name, "user/%s/%s/%s", users[u], folder_modes[m], in_folder[o]);
                emit(name,
                     "mkdir p 777;create p/f 664;create p/g 664;mkdir p/d 775;chown p/f 1000 1000;chown p/g 1002 1000;"
                     "chown p/d 1000 1000;mkdir q 777;create q/f 666;chown p 1000 1000;chmod p %s;%s;%s;as 0 0;list p;"
                     "list q;stat p;stat p/f;stat p/n;stat q/n",
                     folder_modes[m], users[u], in_folder[o]);
            }
}

/* Set-id bits and what clears them. */
static void by_bits(void) {
    static const char *const modes[] = {"4755", "2755", "6755", "2745", "6644", "1777", "7777", "2070", "4001"};
    static const char *const acts[] = {"write f 1",      "write f 0",       "append f 1",     "truncate f 1", "truncate f 100",
                                       "ftruncate f 3",  "open f w,trunc",  "chown f 1000 1000", "chown f -1 -1",
                                       "chown f -1 1000", "chown f 0 0",    "chmod f 2755",   "chmod f 6777", "chmod f 1755",
                                       "link f n",       "utime f now now", "lchown f 1000 55"};
    static const char *const who[] = {"as 0 0", "as 1000 1000", "as 1000 55", "as 1001 1001 1000"};
    for (size_t m = 0; m < COUNT(modes); m++)
        for (size_t a = 0; a < COUNT(acts); a++)
            for (size_t w = 0; w < COUNT(who); w++) {
                char name[200];
                snprintf(name, sizeof name, "bits/%s/%s/%s", modes[m], acts[a], who[w]);
                emit(name, "create f 666;write f 50;chown f 1000 1000;chmod f %s;%s;%s;stat f;content f", modes[m],
                     who[w], acts[a]);
            }
    for (size_t w = 0; w < COUNT(who); w++)
        for (size_t m = 0; m < COUNT(modes); m++) {
            char name[200];
            snprintf(name, sizeof name, "bits/new/%s/%s", who[w], modes[m]);
            emit(name,
                 "mkdir p 2777;chown p 0 1000;chmod p 2777;%s;create p/f %s;mkdir p/d %s;mkfifo p/p %s;stat p/f;stat "
                 "p/d;stat p/p;tmpfile p %s",
                 who[w], modes[m], modes[m], modes[m], modes[m]);
        }
}

void more_cases(void (*emit)(const char *name, const char *format, ...));

void all_cases(case_user user) {
    use = user;
    by_kind();
    by_path();
    by_user();
    by_bits();
    more_cases(emit);
}
