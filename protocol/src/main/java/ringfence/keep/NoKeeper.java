package ringfence.keep;

import ringfence.linux.Fd;

/** Nobody keeps anything: started by hand. What dies with the daemon is lost. */
public final class NoKeeper implements Keeper {
    @Override
    public boolean isThere() {
        return false;
    }

    @Override
    public void keep(String name, Fd fd) {}

    @Override
    public void drop(String name) {}

    @Override
    public void ready(String status) {}

    @Override
    public void alive() {}
}
