package ringfence.option;

import java.util.Locale;

/** The known word that somebody may have meant. */
final class Nearest {
    private Nearest() {}

    /** {@code "; did you mean 'x'?"}, or all of them where none is near and they are few, or nothing. */
    static String hint(String word, Iterable<String> known) {
        String best = null;
        int least = Math.max(1, word.length() / 3) + 1;
        StringBuilder all = new StringBuilder();
        for (String candidate : known) {
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < least) {
                least = distance;
                best = candidate;
            }
            all.append(all.isEmpty() ? "" : ", ").append(candidate);
        }
        return best != null ? "; did you mean '" + best + "'?" : "; known are " + all;
    }

    /** How many letters have to be put in, taken out, changed, or swapped with their neighbour. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
