/* More cases: renames onto each other, times, masks, sizes, flags. */
#include <stddef.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

typedef void (*emitter)(const char *name, const char *format, ...);

static void renames(emitter emit) {
    static const char *const things[][2] = {{"file", "create %c 644"},
                                            {"folder", "mkdir %c 755"},
                                            {"full", "mkdir %c 755;create %c/x 644"},
                                            {"pipe", "mkfifo %c 644"},
                                            {"link", "symlink t %c"},
                                            {"none", "umask 0"}};
    static const char *const ways[] = {"rename a b",    "rename2 a b 1", "rename2 a b 2", "rename2 a b 3",
                                       "rename2 a b 8", "rename a/. b",  "rename a b/",   "rename a a/b",
                                       "rename a a",    "rename2 a a 1"};
    for (size_t a = 0; a < COUNT(things); a++)
        for (size_t b = 0; b < COUNT(things); b++)
            for (size_t w = 0; w < COUNT(ways); w++) {
                char name[200], first[100], second[100];
                snprintf(name, sizeof name, "rename/%s/%s/%s", things[a][0], things[b][0], ways[w]);
                snprintf(first, sizeof first, things[a][1], 'a', 'a');
                snprintf(second, sizeof second, things[b][1], 'b', 'b');
                emit(name, "%s;%s;%s;list .;stat a;stat b;list a;list b", first, second, ways[w]);
            }
    emit("rename/same-file", "create a 644;link a b;rename a b;list .;stat a;stat b");
    emit("rename/between-folders", "mkdir a 755;mkdir b 755;mkdir a/d 755;rename a/d b/d;stat a;stat b;list b/d/..");
    emit("rename/folder-up", "mkdir a 755;mkdir a/b 755;rename a/b b;stat a;stat b;rename a b/a;stat b;list b");
    emit("rename/into-itself", "mkdir a 755;mkdir a/b 755;rename a a/b/c;rename a a/b;list a");
    emit("rename/parent-over", "mkdir a 755;mkdir a/b 755;rename a/b a;rename2 a/b a 2;list a");
}

static void times(emitter emit) {
    static const char *const acts[][2] = {{"chmod f 600", "f"},        {"chown f 1 1", "f"},     {"chown f -1 -1", "f"},
                                          {"link f n", "f"},           {"link f n", "."},        {"rename f n", "."},
                                          {"rename f d/n", "."},       {"rename f d/n", "d"},    {"unlink f", "."},
                                          {"create n 644", "."},       {"mkdir n 755", "."},     {"mkfifo n 644", "."},
                                          {"symlink x n", "."},        {"rmdir e", "."},         {"truncate f 9", "f"},
                                          {"truncate f 50", "f"},      {"open f w,trunc", "f"},  {"open z w,trunc", "z"},
                                          {"write f 1", "f"},          {"write f 0", "f"},       {"append f 5", "f"},
                                          {"open f w,creat 600", "f"}, {"open f w,creat 600", "."}, {"open n w,creat 600", "."},
                                          {"utime f 1 2", "f"},        {"utime f now omit", "f"}, {"utime f omit omit", "f"},
                                          {"content f", "f"},          {"rename none n", "."},   {"unlink none", "."},
                                          {"chmod d 700", "d"},        {"create d/n 600", "d"},  {"mkdir f 755", "."},
                                          {"rename2 f e 2", "."},      {"unlink second", "f"}};
    for (size_t i = 0; i < COUNT(acts); i++) {
        char name[200];
        snprintf(name, sizeof name, "times/%s/%s", acts[i][0], acts[i][1]);
        emit(name, "create f 644;write f 50;create z 644;mkdir d 755;mkdir e 755;link f second;mark %s;%s;since %s",
             acts[i][1], acts[i][0], acts[i][1]);
    }
    emit("times/rename2 f e 2/f", "create f 644;mkdir e 755;mark f;rename2 f e 2;since e");
    static const char *const moments[] = {"0 0",     "1 2",          "1.999999999 2.000000001", "0.1 now",     "omit 5",
                                          "5 omit",  "-1 -1",        "-5.5 -6.5",               "2147483647 1", "2147483648 4294967295",
                                          "1 4294967296", "1 8589934591", "1.1000000000 1",      "1 1.-1"};
    for (size_t i = 0; i < COUNT(moments); i++) {
        char name[200];
        snprintf(name, sizeof name, "times/set/%s", moments[i]);
        emit(name, "create f 644;symlink f l;mkdir d 755;utime f %s;stat f;utime d %s;stat d;lutime l %s;stat l;stat f",
             moments[i], moments[i], moments[i]);
    }
}

static void masks(emitter emit) {
    static const char *const all[] = {"0", "22", "77", "777", "27", "7", "222", "111"};
    for (size_t i = 0; i < COUNT(all); i++) {
        char name[200];
        snprintf(name, sizeof name, "umask/%s", all[i]);
        emit(name,
             "umask %s;create f 777;mkdir d 1777;mkfifo p 666;mknod c c 666;symlink x s;open o w,creat 6777;umask 0;list "
             ".;stat f;stat d;stat p;stat c;stat s;stat o",
             all[i]);
    }
}

static void sizes(emitter emit) {
    static const char *const all[] = {"0", "1", "49", "50", "51", "4095", "4096", "4097", "1048576", "1073741824", "-1"};
    for (size_t i = 0; i < COUNT(all); i++) {
        char name[200];
        snprintf(name, sizeof name, "size/%s", all[i]);
        emit(name,
             "create f 644;write f 50;truncate f %s;stat f;append f 7;stat f;truncate f 40;content f;ftruncate f %s;stat "
             "f;truncate f 60;content f",
             all[i], all[i]);
    }
    emit("size/read-only-owner", "create f 444;chown f 1000 1000;as 1000 1000;truncate f 1;write f 1;chmod f 644;truncate "
                                 "f 1;write f 1;stat f");
    emit("size/no-rights", "create f 600;as 1000 1000;truncate f 1;open f r;open f w;open f w,trunc;stat f");
}

static void flags(emitter emit) {
    static const char *const all[] = {"r",        "w",       "rw",          "w,trunc",     "r,trunc",   "w,append", "r,dir",
                                      "w,dir",    "r,nofollow", "w,nofollow", "r,creat",  "w,creat,excl", "rw,creat,trunc",
                                      "r,noatime", "path",   "path,dir",    "r,creat,dir", "w,creat,nofollow"};
    static const char *const who[] = {"as 0 0", "as 1000 1000", "as 1001 1001"};
    static const char *const modes[] = {"666", "600", "444", "222", "0"};
    for (size_t f = 0; f < COUNT(all); f++)
        for (size_t w = 0; w < COUNT(who); w++)
            for (size_t m = 0; m < COUNT(modes); m++) {
                char name[200];
                snprintf(name, sizeof name, "open/%s/%s/%s", all[f], who[w], modes[m]);
                emit(name, "create f 666;write f 50;chown f 1000 1000;chmod f %s;%s;open f %s 640;stat f", modes[m],
                     who[w], all[f]);
            }
}

void more_cases(emitter emit) {
    renames(emit);
    times(emit);
    masks(emit);
    sizes(emit);
    flags(emit);
    emit("links/many", "create f 644;link f a;link f b;link a c;stat f;unlink f;stat a;rename b c;list .;stat c");
    emit("links/of-link", "create f 644;symlink f s;link s h;stat h;readlink h;stat s;unlink s;stat h");
    emit("links/long-target", "symlink %%1000 s;readlink s;stat s;symlink %%4095 t;stat t;symlink %%4096 u;symlink - v");
    emit("folders/removed", "mkdir d 755;mkdir d/e 755;rmdir d;rmdir d/e;rmdir d;rmdir d;stat .;list .");
    emit("folders/links", "mkdir d 755;stat d;mkdir d/a 755;mkdir d/b 755;stat d;rmdir d/a;stat d;create d/f 644;stat d");
}
