/**
 * Limits of traffic.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.limit.TokenBucket} fills at an even rate and is taken from after the fact: something may pass while
 * there is a token in it, and its whole size is taken then, so that the bucket may owe for a while. What is larger than
 * the bucket passes, too, and the average is the rate. All of it is one number, the time at which the bucket will be full
 * again (the generic cell rate algorithm), changed by compare-and-set; so many threads may share one.
 */
package ringfence.limit;
