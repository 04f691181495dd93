package ringfence.vmm.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * How processors are grouped. APIC ids are built of bit fields for thread, core, die and package, each as wide as its
 * count needs, so ids have holes where a count is no power of two (Intel SDM volume 3, 9.9.1).
 *
 * @param threadsPerCore 1 or 2
 */
public record Topology(int threadsPerCore, int coresPerDie, int diesPerPackage, int packages) {
    private static final int MOST = 1 << 15;

    /**
     * Checks the counts.
     *
     * @throws PlanException which count is wrong
     */
    public Topology {
        if (threadsPerCore < 1 || threadsPerCore > 2) {
            throw new PlanException("topology: threads per core are 1 or 2, not " + threadsPerCore);
        }
        if (coresPerDie < 1 || diesPerPackage < 1 || packages < 1) {
            throw new PlanException("topology: cores, dies and packages are 1 or more, not " + coresPerDie + ", "
                    + diesPerPackage + ", " + packages);
        }
        if ((long) threadsPerCore * coresPerDie > MOST
                || (long) threadsPerCore * coresPerDie * diesPerPackage > MOST
                || (long) threadsPerCore * coresPerDie * diesPerPackage * packages > MOST) {
            throw new PlanException("topology: more than " + MOST + " processors");
        }
    }

    /** One package of as many cores. */
    public static Topology flat(int cpus) {
        return new Topology(1, cpus, 1, 1);
    }

    /** Number of processors. */
    public int cpus() {
        return threadsPerCore * coresPerDie * diesPerPackage * packages;
    }

    /** Number of processors of a package. */
    public int cpusPerPackage() {
        return threadsPerCore * coresPerDie * diesPerPackage;
    }

    /** Number of processors of a die. */
    public int cpusPerDie() {
        return threadsPerCore * coresPerDie;
    }

    /** Bits of an APIC id below the core's field. */
    public int coreShift() {
        return bits(threadsPerCore);
    }

    /** Bits of an APIC id below the die's field. */
    public int dieShift() {
        return coreShift() + bits(coresPerDie);
    }

    /** Bits of an APIC id below the package's field. */
    public int packageShift() {
        return dieShift() + bits(diesPerPackage);
    }

    /** The APIC id of a processor, by its number, 0 to {@link #cpus} - 1; the boot processor's is 0. */
    public int apicId(int cpu) {
        int thread = cpu % threadsPerCore;
        int core = cpu / threadsPerCore % coresPerDie;
        int die = cpu / cpusPerDie() % diesPerPackage;
        int pack = cpu / cpusPerPackage();
        return thread | core << coreShift() | die << dieShift() | pack << packageShift();
    }

    /** All APIC ids, by processor; ascending. */
    public List<Integer> apicIds() {
        List<Integer> ids = new ArrayList<>(cpus());
        for (int cpu = 0; cpu < cpus(); cpu++) {
            ids.add(apicId(cpu));
        }
        return ids;
    }

    private static int bits(int count) {
        return 32 - Integer.numberOfLeadingZeros(count - 1);
    }
}
