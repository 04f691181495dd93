package ringfence.blk.request;

/** What is left to do after a request has been checked. */
public enum Operation {
    /** Fill the driver's buffers from the image. */
    READ,
    /** Write the driver's buffers into the image. */
    WRITE,
    /** Make all writes durable that completed before this request came. */
    FLUSH,
    /** Drop the contents of a range; it may read as anything afterwards. */
    DISCARD,
    /** Make a range read as zeroes. */
    WRITE_ZEROES,
    /** Tell the serial number. */
    GET_ID,
    /** Nothing: the status is decided. */
    NONE
}
