// SPDX-License-Identifier: Apache-2.0

/// Certificates and keys that were made for tests and protect nothing.
enum SampleCertificates {
    /// For events.example.com and *.example.org, from 2020 to 2120.
    static let valid = """
        -----BEGIN CERTIFICATE-----
        MIIBZzCCAQygAwIBAgIUbWN3XJfB6ijlIGFF9SfVyL3XNEswCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOZm9yIHRlc3RzIG9ubHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEy
        MDAxMDEwMDAwMDBaMBkxFzAVBgNVBAMMDmZvciB0ZXN0cyBvbmx5MFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAE2Hyumcd3Yf2lFJ8GJZ4bw7JMdg16IQ67DWfQqbVY
        htMIk8Ztnh/3/c/O09V7c+g7v0mrBfQmeL8RvTzzLkQX8aMwMC4wLAYDVR0RBCUw
        I4ISZXZlbnRzLmV4YW1wbGUuY29tgg0qLmV4YW1wbGUub3JnMAoGCCqGSM49BAMC
        A0kAMEYCIQCHn/fFhCLLGkYh7rRZmejmzUtPl93uyHTuXIKjMu57ygIhAJ+ofOJY
        jKUpQnkpV6YnwpLx3aBGznEopXMW/lvBwgsd
        -----END CERTIFICATE-----

        """

    /// The same a year later, with the same key.
    static let renewed = """
        -----BEGIN CERTIFICATE-----
        MIIBZzCCAQygAwIBAgIUR/Ar+C6Q/NxextQscbqmYDjW9zswCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOZm9yIHRlc3RzIG9ubHkwIBcNMjEwMTAxMDAwMDAwWhgPMjEy
        MTAxMDEwMDAwMDBaMBkxFzAVBgNVBAMMDmZvciB0ZXN0cyBvbmx5MFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAE2Hyumcd3Yf2lFJ8GJZ4bw7JMdg16IQ67DWfQqbVY
        htMIk8Ztnh/3/c/O09V7c+g7v0mrBfQmeL8RvTzzLkQX8aMwMC4wLAYDVR0RBCUw
        I4ISZXZlbnRzLmV4YW1wbGUuY29tgg0qLmV4YW1wbGUub3JnMAoGCCqGSM49BAMC
        A0kAMEYCIQCbRayD6mtclcFGhaFTBP5+GK9j7plfNPnxoeal9nmrwgIhAJ8Gnxxs
        4rUZtruKXnvLeseB4xG4z6XxYxSWOF6NxBqW
        -----END CERTIFICATE-----

        """

    /// The same, over since 2021.
    static let expired = """
        -----BEGIN CERTIFICATE-----
        MIIBZTCCAQqgAwIBAgIUWHQndqrcacZR1yLWi2sEfa5fKpkwCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOZm9yIHRlc3RzIG9ubHkwHhcNMTkwMTAxMDAwMDAwWhcNMjEw
        MTAxMDAwMDAwWjAZMRcwFQYDVQQDDA5mb3IgdGVzdHMgb25seTBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABNh8rpnHd2H9pRSfBiWeG8OyTHYNeiEOuw1n0Km1WIbT
        CJPGbZ4f9/3PztPVe3PoO79JqwX0Jni/Eb088y5EF/GjMDAuMCwGA1UdEQQlMCOC
        EmV2ZW50cy5leGFtcGxlLmNvbYINKi5leGFtcGxlLm9yZzAKBggqhkjOPQQDAgNJ
        ADBGAiEAsmoegpUaTCvH0128L35/5jASdW8txQJq8XL2XCoEo1kCIQDqYZ3rw/D0
        N+erw9qqegMTM5U61+RqtZYa+SKJfv2Y6A==
        -----END CERTIFICATE-----

        """

    /// The key of all three.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMDPehAX7eu0ejhwM
        jZ7ip7TxOqTRU6W+Du8IN3BAVgShRANCAATYfK6Zx3dh/aUUnwYlnhvDskx2DXoh
        DrsNZ9CptViG0wiTxm2eH/f9z87T1Xtz6Du/SasF9CZ4vxG9PPMuRBfx
        -----END PRIVATE KEY-----

        """

    /// The key of none.
    static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgt66pLUX8SWK6JUB3
        vMsTMmJwP8umnlDVb8+xNWlCAR6hRANCAARfg04T/eqkYX2GDG8NNH5KTjjeX0ol
        xOnvXf2o70JVofqPmsjZvzCTvBD2FbLouCKzTYfL1+iQgFhh0on4p1iF
        -----END PRIVATE KEY-----

        """
}
